import type { MemoryStatus } from '../../../engine/status/streams-status.js'
import { h, setText } from '../dom.js'
import { bytes, count } from '../format.js'

const PARTS = [
  ['received', 'Received', 'Data of sources for batches to come.'],
  ['persisted', 'Persisted', 'Partitions of persisted datasets.'],
  ['state', 'State', 'Snapshots of keyed state.'],
  ['other', 'Blocks of batches', 'Inputs, shuffles and results of batches, with those that windows need.'],
] as const

/** Memory of blocks against its limit, by use. */
export class Memory {
  readonly element: HTMLElement
  readonly #bar = h('div', { class: 'stack', role: 'img' })
  readonly #total = h('p', { class: 'figures' })
  readonly #values = new Map(PARTS.map(([key]) => [key, h('dd', { class: 'number' })]))
  readonly #segments = new Map(PARTS.map(([key]) => [key, h('span', { class: `part ${key}` })]))
  readonly #more = h('p', { class: 'note' })

  constructor() {
    const rows = PARTS.flatMap(([key, name, hint]) => [
      h('dt', { title: hint }, h('span', { class: `swatch ${key}`, 'aria-hidden': 'true' }), name),
      this.#values.get(key)!,
    ])
    this.#bar.append(...this.#segments.values())
    this.element = h(
      'div',
      { class: 'memory' },
      this.#total,
      this.#bar,
      h('dl', { class: 'pairs' }, ...rows),
      this.#more,
    )
  }

  update(memory: MemoryStatus): void {
    const { used, limit, received, persisted, state, blocks, blocksShort, spilled, heap, resident } = memory
    const other = Math.max(0, used - received - persisted - state)
    const values = { received, persisted, state, other }
    for (const [key, value] of Object.entries(values) as [keyof typeof values, number][]) {
      setText(this.#values.get(key)!, bytes(value))
      this.#segments.get(key)!.style.flexGrow = String(limit > 0 ? value / limit : 0)
    }
    const total = `${bytes(used)} of ${bytes(limit)} for blocks`
    setText(this.#total, total)
    this.#bar.setAttribute('aria-label', total)
    const replicas = blocksShort > 0 ? `, ${count(blocksShort)} with too few owners` : ', all with their replicas'
    setText(
      this.#more,
      `${count(blocks)} blocks${replicas} · ${bytes(spilled)} in files · heap ${bytes(heap)} · process ${bytes(resident)}`,
    )
  }
}
