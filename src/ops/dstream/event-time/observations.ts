import type { Observation } from '../../plan.js'

/**
 * The event times that tasks have observed, by batch and partition. A retried task observes the same times, so a second
 * entry changes nothing.
 */
export class Observations {
  readonly #batches = new Map<number, Map<number, Observation>>()

  /** Accepts observations of a batch from now on. */
  expect(time: number): void {
    if (!this.#batches.has(time)) this.#batches.set(time, new Map())
  }

  enter(observation: Observation): void {
    this.#batches.get(observation.time)?.set(observation.partition, observation)
  }

  /** Drops a batch that was skipped or forgotten. Observations by its tasks that still run are ignored. */
  delete(time: number): void {
    this.#batches.delete(time)
  }

  times(): number[] {
    return [...this.#batches.keys()]
  }

  of(time: number): { readonly records: number; readonly late: number; readonly latest: number } {
    let records = 0
    let late = 0
    let latest = Number.NEGATIVE_INFINITY
    for (const seen of this.#batches.get(time)?.values() ?? []) {
      records += seen.records
      late += seen.late
      latest = Math.max(latest, seen.latest)
    }
    return { records, late, latest }
  }
}
