import type { DStream, Stream } from 'millrace'
import { type OutputBatch, type RunBatchesOptions, runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { random } from '../engine/support.js'
import { GRAPH_OPERATIONS, type GraphNode, type Pair } from './graph-operations.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
/** Set MILLRACE_GRAPHS to try more of them. */
const GRAPHS = Number(process.env.MILLRACE_GRAPHS ?? 12)

type Die = (sides: number) => number

function inputNode(name: string, batches: readonly (readonly Pair[])[]): GraphNode {
  return { name, of: [], slide: 1, length: 0, at: (batch) => batches[batch - 1] ?? [] }
}

function randomNode(nodes: readonly GraphNode[], below: Die): GraphNode {
  const names = Object.keys(GRAPH_OPERATIONS)
  const name = names[below(names.length)]!
  const { inputs, windowed, model } = GRAPH_OPERATIONS[name]!
  const first = nodes[below(nodes.length)]!
  const alike = nodes.filter(({ slide }) => slide === first.slide)
  const of = inputs === 2 ? [first, alike[below(alike.length)]!] : [first]
  const wanted = windowed ? first.slide * (1 + below(3)) : first.slide
  const slide = wanted > 6 ? first.slide : wanted
  const length = windowed ? first.slide * (1 + below(4)) : 0
  const known = new Map<number, readonly Pair[]>()
  const at = (batch: number): readonly Pair[] => {
    const records = known.get(batch) ?? model(node, batch)
    known.set(batch, records)
    return records
  }
  const node: GraphNode = { name, of, slide, length, at }
  return node
}

function randomOptions(batches: number, below: Die): RunBatchesOptions {
  const threads = 1 + below(3)
  const kills = new Set(Array.from({ length: below(5) }, () => 1 + below(batches)))
  return {
    threads,
    spare: below(2) === 0,
    replicas: 1 + below(2),
    replication: below(3) === 0 ? 'copy' : 'reference',
    speculation: below(4) === 0,
    codegen: below(5) > 0,
    stateSnapshotInterval: 1 + below(4),
    partitions: 1 + below(4),
    ...(below(3) === 0 && { memoryLimit: 16 * 1024 * 1024 }),
    ...(below(3) === 0 && { restartAfter: 1 + below(batches - 1) }),
    ...(kills.size > 0 && { kill: (batch: number) => (kills.has(batch) ? batch % threads : undefined) }),
  }
}

const shown = (nodes: readonly GraphNode[]) =>
  nodes.map(({ name, of, length, slide }, i) => `${i} ${name} of ${of.map((n) => nodes.indexOf(n))} ${length}/${slide}`)

test.each(Array.from({ length: GRAPHS }, (_, i) => i + 1))(
  'random streams over streams, options, kills and restarts give what plain arrays give: %i',
  { timeout: 600_000 },
  async (seed) => {
    const next = random(seed)
    const below: Die = (sides) => Math.floor(next() * sides)
    const count = 8 + below(6)
    const inputs = [0, 1].map(() =>
      Array.from({ length: count }, () =>
        Array.from({ length: below(4) === 0 ? 0 : below(12) }, (): Pair => [below(6), 1 + below(30)]),
      ),
    ) as [Pair[][], Pair[][]]
    const nodes = inputs.map((batches, i) => inputNode(`input ${i}`, batches))
    for (let left = 3 + below(7); left > 0; left--) nodes.push(randomNode(nodes, below))
    // Some are read by other streams only.
    const read = nodes.flatMap((_, i) => (i >= 2 && (below(5) < 3 || i === nodes.length - 1) ? [i] : []))
    const build = (...streams: DStream<Pair>[]): Record<string, Stream<Pair>> => {
      const made = [...streams]
      for (const { name, of, length, slide } of nodes.slice(2)) {
        const parents = of.map((parent) => made[nodes.indexOf(parent)]!)
        made.push(GRAPH_OPERATIONS[name]!.build(parents, `${length}s`, `${slide}s`))
      }
      return Object.fromEntries(read.map((i) => [i, made[i]!]))
    }
    const options = { ...randomOptions(count, below), logger: QUIET }
    const outputs = (await runBatches((_, a, b) => build(a, b), inputs, options)) as Record<string, OutputBatch<Pair>[]>
    for (const i of read) {
      const { slide, at } = nodes[i]!
      // A batch that runs again after a restart is listed again.
      const given = new Map(outputs[i]!.map(({ time, records }) => [time / 1000, records.map(String).sort()]))
      const due = Array.from({ length: Math.floor(count / slide) }, (_, k) => (k + 1) * slide)
      const expected = due.map((batch) => [batch, at(batch).map(String).sort()])
      expect(
        [...given].sort(([a], [b]) => a - b),
        `node ${i} of ${shown(nodes).join('; ')}`,
      ).toEqual(expected)
    }
  },
)
