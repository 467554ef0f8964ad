import type { PartLag, SourceLag } from '../../ops/source.js'
import type { InputLag, PartLagStatus } from '../status/streams-status.js'

/** Parts that a status lists: those that are furthest behind. */
const MOST_PARTS = 100

/** Tracks the lag of an input: what no complete batch has read. */
export class LagRecord {
  /** By batch time: batches that are planned and not complete. */
  readonly #planned = new Map<number, SourceLag>()
  /** Where the complete batches end, by part. */
  readonly #read = new Map<string, number | string>()
  #newest: SourceLag | undefined

  planned(time: number, lag: SourceLag): void {
    this.#newest = lag
    this.#planned.set(time, lag)
  }

  /** Called when a batch is complete. */
  consumed(time: number): void {
    const lag = this.#planned.get(time)
    this.#planned.delete(time)
    for (const { name, next } of lag?.parts ?? []) if (next !== undefined) this.#read.set(name, next)
  }

  /** Returns the lag now; undefined if the source does not report it. */
  status(): InputLag | undefined {
    if (!this.#newest) return undefined
    const { unit } = this.#newest
    const taken = new Map<string, number>()
    for (const { parts } of this.#planned.values())
      for (const { name, taken: n } of parts) taken.set(name, (taken.get(name) ?? 0) + n)
    const parts = this.#newest.parts.map((part) => this.#partOf(part, taken.get(part.name) ?? 0))
    const total = parts.reduce((sum, { lag }) => sum + lag, 0)
    const listed = parts.length > MOST_PARTS ? parts.sort((a, b) => b.lag - a.lag).slice(0, MOST_PARTS) : parts
    return { unit, total, parts: listed, partsOmitted: parts.length - listed.length }
  }

  #partOf({ name, left, end }: PartLag, taken: number): PartLagStatus {
    const read = this.#read.get(name)
    return { name, lag: left + taken, ...(read !== undefined && { read }), ...(end !== undefined && { end }) }
  }
}
