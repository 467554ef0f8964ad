import type { StreamsStatus } from '../../../engine/status/streams-status.js'
import type { OperatorRow } from '../../collect/rows.js'
import { h, setText, show, svg } from '../dom.js'
import { count, duration, short } from '../format.js'
import { type GraphNode, placed } from '../graph-layout.js'
import { quantile } from '../statistics.js'
import type { Store } from '../store.js'
import { PartitionLineage } from './partition-lineage.js'
import { section } from './tiles.js'
import type { View } from './view.js'

interface Node extends GraphNode {
  readonly label: string
  readonly kind: 'input' | 'stream' | 'output'
  /** The stream whose datasets it shows. */
  readonly stream: number
  readonly details: readonly string[]
  /** Whether kernels know its function. */
  readonly kernels: string | undefined
}

const WIDTH = 176
const HEIGHT = 68
const GAP_X = 56
const GAP_Y = 22
/** Batches over which figures are taken. */
const RECENT = 20

/** The streams from sources to outputs, with the figures of the newest batches, and the lineage of the chosen one. */
export class GraphView implements View {
  readonly title = 'Graph'
  readonly element: HTMLElement
  readonly #drawing = h('div', {
    class: 'scroll graph',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Graph of the streams',
  })
  readonly #lineage = h('ol', { class: 'lineage' })
  readonly #partition = new PartitionLineage()
  readonly #figures = new Map<string, SVGTextElement>()
  #nodes: readonly Node[] = []
  #shape = ''
  #chosen: string | undefined

  constructor() {
    const hint = h(
      'p',
      { class: 'note' },
      'Data flows from left to right. Records that enter and leave each operation, and its time in all threads, are estimated (≈) from the first records of a few tasks. Choose a node to see what its partitions are recomputed from.',
    )
    this.element = h(
      'div',
      {},
      section('Graph', hint, this.#drawing),
      section('Lineage', this.#lineage),
      section('Lineage of a partition', this.#partition.element),
    )
  }

  update(store: Store): void {
    const status = store.overview?.status
    if (!status) return
    const shape = JSON.stringify([status.streams, status.outputs])
    if (shape !== this.#shape) {
      this.#shape = shape
      this.#nodes = nodesOf(status)
      this.#draw()
    }
    const figures = figuresOf(store)
    for (const [key, text] of this.#figures) setText(text, figures.get(key) ?? '')
  }

  #draw(): void {
    const places = placed(this.#nodes)
    const at = (key: string) => {
      const { layer, row } = places.get(key)!
      return { x: layer * (WIDTH + GAP_X) + 8, y: row * (HEIGHT + GAP_Y) + 8 }
    }
    const all = [...places.values()]
    const width = (Math.max(0, ...all.map(({ layer }) => layer)) + 1) * (WIDTH + GAP_X)
    const height = (Math.max(0, ...all.map(({ row }) => row)) + 1) * (HEIGHT + GAP_Y) + 8
    const edges = this.#nodes.flatMap(({ key, parents }) =>
      parents.map((parent) => {
        const [from, to] = [at(parent), at(key)]
        const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2]
        const middle = (x1 + x2) / 2
        const d = `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`
        return svg('path', { class: 'edge', d, 'data-from': parent, 'data-to': key })
      }),
    )
    this.#figures.clear()
    const boxes = this.#nodes.map((node) => this.#box(node, at(node.key)))
    show(
      this.#drawing,
      svg(
        'svg',
        { width, height, viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': 'Streams' },
        ...edges,
        ...boxes,
      ),
    )
    this.#choose(this.#chosen ?? this.#nodes.at(-1)?.key)
  }

  #box(node: Node, { x, y }: { x: number; y: number }): SVGElement {
    const figures = svg('text', { x: x + 12, y: y + 40, class: 'figures' })
    this.#figures.set(node.key, figures)
    const choose = () => this.#choose(node.key)
    return svg(
      'g',
      {
        class: `node ${node.kind}`,
        tabindex: 0,
        role: 'button',
        'data-key': node.key,
        onclick: choose,
        onkeydown: (event) => {
          const { key } = event as KeyboardEvent
          if (key !== 'Enter' && key !== ' ') return
          event.preventDefault()
          choose()
        },
      },
      svg('title', {}, [node.label, ...(node.kernels ? [node.kernels] : [])].join(': ')),
      svg('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 8 }),
      svg('text', { x: x + 12, y: y + 22, class: 'name' }, cut(node.label)),
      figures,
      svg('text', { x: x + 12, y: y + 57, class: 'kernels' }, cut(node.kernels ?? '')),
    )
  }

  #choose(key: string | undefined): void {
    this.#chosen = key
    const chain = key === undefined ? [] : ancestors(this.#nodes, key)
    const keys = new Set(chain.map((node) => node.key))
    for (const element of this.#drawing.querySelectorAll<SVGElement>('.node, .edge')) {
      const { key: own, from, to } = element.dataset
      element.classList.toggle('chosen', own === undefined ? keys.has(from!) && keys.has(to!) : keys.has(own))
    }
    const items = chain.map(({ label, details }) => h('li', {}, h('strong', {}, label), ` ${details.join(' · ')}`))
    this.#lineage.replaceChildren(...items)
    this.#partition.choose(chain.at(-1)?.stream)
  }
}

function nodesOf({ streams, outputs, batchInterval }: StreamsStatus): Node[] {
  const inner = streams.map(({ id, label, parents, slide, remember, source, uid, kernels }): Node => {
    const details = [
      source ? `${source.kind} source ${source.name}` : 'each partition is recomputed from its parents',
      slide === batchInterval ? '' : `every ${duration(slide)}`,
      remember > 0 ? `remembered for ${duration(remember)}` : '',
      uid ? `uid ${uid}` : '',
      kernels ?? '',
    ]
    const name = source?.name ?? label
    const kind = source ? 'input' : 'stream'
    return {
      key: `s${id}`,
      label: name,
      kind,
      stream: id,
      parents: parents.map((parent) => `s${parent}`),
      details: details.filter((text) => text !== ''),
      kernels,
    }
  })
  const last = outputs.map(({ id, label, stream }): Node => {
    return {
      key: `o${id}`,
      label,
      kind: 'output',
      stream,
      parents: [`s${stream}`],
      details: [`output operation ${id}`],
      kernels: undefined,
    }
  })
  return [...inner, ...last]
}

/**
 * Records and times of operations, records of inputs, and times of outputs. An operation that runs no function, such as a
 * union, shows the records that enter the next one.
 */
function figuresOf(store: Store): Map<string, string> {
  const figures = new Map<string, string>()
  const rows = store.completed.slice(-RECENT)
  const operators = store.overview?.operators ?? []
  const parents = new Map(store.overview?.status.streams.map(({ id, parents: of }) => [id, of]))
  for (const { stream, sample } of operators) {
    const [parent, other] = parents.get(stream) ?? []
    if (sample && other === undefined) figures.set(`s${parent}`, `≈ ${short(sample.recordsIn)} records`)
  }
  for (const { stream, stage } of operators)
    if (stage) figures.set(`s${stream}`, `${count(stage.records)} records, ${duration(stage.ms)}`)
  for (const { stream, sample } of operators) if (sample) figures.set(`s${stream}`, textOf(sample))
  for (const { stream, records } of rows.at(-1)?.inputs ?? []) figures.set(`s${stream}`, `${count(records)} records`)
  for (const { id } of store.overview?.status.outputs ?? []) {
    const times = rows.flatMap(({ outputs }) => outputs.filter((output) => output.id === id).map(({ ms }) => ms))
    const failed = rows.some(({ outputs }) => outputs.some((output) => output.id === id && output.error))
    figures.set(`o${id}`, `${duration(quantile(times, 0.5))} median${failed ? ' · failed' : ''}`)
  }
  return figures
}

function textOf({ recordsIn, recordsOut, ms }: NonNullable<OperatorRow['sample']>): string {
  return `≈ ${short(recordsIn)} → ${short(recordsOut)}, ${duration(ms)}`
}

/** A node and everything that it depends on, sources first. */
function ancestors(nodes: readonly Node[], key: string): Node[] {
  const wanted = new Set([key])
  for (const node of [...nodes].reverse())
    if (wanted.has(node.key)) for (const parent of node.parents) wanted.add(parent)
  return nodes.filter((node) => wanted.has(node.key))
}

function cut(label: string): string {
  return label.length > 22 ? `${label.slice(0, 21)}…` : label
}
