import type { Observation } from '../../plan.js'

/**
 * What tasks saw of event time, by batch and partition. A task that runs again sees the same, so entering twice changes
 * nothing.
 */
export class Observations {
  readonly #batches = new Map<number, Map<number, Observation>>()

  /** A batch is made: what is seen of it counts from now on. */
  expect(time: number): void {
    if (!this.#batches.has(time)) this.#batches.set(time, new Map())
  }

  enter(observation: Observation): void {
    this.#batches.get(observation.time)?.set(observation.partition, observation)
  }

  /** The batch never was, or nobody asks for it any more: tasks of it that still run are not heard. */
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
