import type { BatchRow, Overview } from '../collect/rows.js'

/** Batches that the page keeps. */
const RETAINED = 1_000

/** The newest status and batches of the streams, from the live feed. */
export class Store {
  overview: Overview | undefined
  connection: 'connecting' | 'live' | 'lost' | 'stopped' = 'connecting'
  readonly #batches = new Map<number, BatchRow>()
  readonly #busy = new Map<number, number>()
  readonly #listeners = new Set<() => void>()
  #isDue = false

  /** All batches, by time. */
  get batches(): BatchRow[] {
    return [...this.#batches.values()].sort((a, b) => a.time - b.time)
  }

  get completed(): BatchRow[] {
    return this.batches.filter(({ processingDelay }) => processingDelay !== undefined)
  }

  /** The share of time that a thread was busy between the last two overviews, from 0 to 1. */
  busyOf(thread: number): number | undefined {
    return this.#busy.get(thread)
  }

  /** Connects to the feed. The browser reconnects by itself. */
  connect(): void {
    const source = new EventSource('api/v1/events')
    source.addEventListener('open', () => {
      this.connection = 'live'
      this.#changed()
    })
    source.addEventListener('overview', (event) => this.#take(JSON.parse(event.data)))
    source.addEventListener('batches', (event) => this.#add(JSON.parse(event.data)))
    source.addEventListener('stopped', () => {
      this.connection = 'stopped'
      this.#changed()
    })
    source.addEventListener('error', () => {
      if (this.connection === 'live') this.connection = 'lost'
      this.#changed()
    })
  }

  /** Calls `listener` after changes, once a frame at most. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #take(overview: Overview): void {
    const before = new Map(this.overview?.status.threads.map((thread) => [thread.id, thread]))
    this.#busy.clear()
    for (const { id, activeMs, idleMs } of overview.status.threads) {
      const past = before.get(id)
      const active = activeMs - (past?.activeMs ?? 0)
      const all = active + idleMs - (past?.idleMs ?? 0)
      this.#busy.set(id, all > 0 ? Math.min(1, Math.max(0, active / all)) : 0)
    }
    this.overview = overview
    this.#changed()
  }

  #add(rows: readonly BatchRow[]): void {
    for (const row of rows) this.#batches.set(row.time, row)
    const excess = this.#batches.size - RETAINED
    if (excess > 0) for (const { time } of this.batches.slice(0, excess)) this.#batches.delete(time)
    this.#changed()
  }

  #changed(): void {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      for (const listener of this.#listeners) listener()
    })
  }
}
