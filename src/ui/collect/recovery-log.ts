import type { StreamingControl } from '../../engine/streaming/streaming-control.js'
import type { RecoveryRow, SlotRow } from './rows.js'

const MOST = 200

/** The deaths of threads, and the recovery from each. */
export class RecoveryLog {
  readonly #rows: RecoveryRow[] = []
  readonly #slots = new Map<number, SlotRow>()
  readonly #removers: (() => void)[]
  #count = 0

  constructor(streams: StreamingControl) {
    this.#removers = [
      streams.on('threadLost', ({ thread, slot, reason, error }) => {
        const at = streams.clock.now()
        const { message } = error
        const none = { blocksLost: 0, blocksReplicated: 0, blocksRecomputed: 0, statesRebuilt: 0, tasksRetried: 0 }
        this.#rows.push({ id: ++this.#count, at, thread, slot, reason, message: message.slice(0, 500), ...none })
        if (this.#rows.length > MOST) this.#rows.shift()
        const known = this.#slots.get(slot) ?? { slot, restarts: 0 }
        this.#slots.set(slot, { ...known, restarts: known.restarts + 1, lastReason: reason, lastAt: at })
      }),
      streams.on('blocksLost', ({ thread, blocks }) => {
        const row = this.#rows.findLast((other) => other.thread === thread)
        if (row) row.blocksLost += blocks
      }),
      streams.on('blocksReplicated', ({ blocks }) => this.#add('blocksReplicated', blocks)),
      streams.on('blockRecomputed', () => this.#add('blocksRecomputed', 1)),
      streams.on('stateRebuilt', () => this.#add('statesRebuilt', 1)),
      streams.on('taskRetried', () => this.#add('tasksRetried', 1)),
      streams.on('poolRestored', ({ ms }) => {
        for (const row of this.#rows) row.restoredAfter ??= ms
      }),
    ]
  }

  /** The newest first. */
  rows(): RecoveryRow[] {
    return [...this.#rows].reverse()
  }

  slots(): SlotRow[] {
    return [...this.#slots.values()].sort((a, b) => a.slot - b.slot)
  }

  close(): void {
    for (const remove of this.#removers) remove()
  }

  /** Recomputation may follow long after the loss: it counts for the newest one. */
  #add(field: 'blocksReplicated' | 'blocksRecomputed' | 'statesRebuilt' | 'tasksRetried', n: number): void {
    const row = this.#rows.at(-1)
    if (row) row[field] += n
  }
}
