import type { Kill } from './killer.js'
import type { Mode } from './modes.js'

/** Quantiles in ms. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Phase {
  /** Time from when a batch was due until it was complete. */
  readonly latencyMs: Quantiles | undefined
  /** Records per second of the time in which the engine processed batches: its capacity, not its load. */
  readonly throughput: number | undefined
}

/** The course of a run, in ms since its first batch under load was due. */
export interface Timeline {
  readonly batches: readonly { readonly due: number; readonly completed: number }[]
  readonly kills: readonly { readonly at: number; readonly mode: Mode; readonly threads: number }[]
  readonly recoveries: readonly { readonly at: number; readonly ms: number }[]
}

/** Records when batches were due and complete, and how long recoveries took, on the scale of performance.now(). */
export class Measures {
  readonly #dueAt: (batch: number) => number
  readonly #completedAt: number[] = []
  readonly #waiting = new Set<Kill>()
  readonly #kills: Kill[] = []
  readonly #recoveries: { readonly at: number; readonly ms: number }[] = []

  constructor(dueAt: (batch: number) => number) {
    this.#dueAt = dueAt
  }

  get batches(): number {
    return this.#completedAt.length
  }

  /** Records a kill. Call it when the threads are dead. */
  killed(kill: Kill): void {
    this.#waiting.add(kill)
    this.#kills.push(kill)
  }

  /**
   * Records that a batch is complete. The first one after the death of the threads ends the recovery. The recovery
   * starts with the kill, or when the batch was due if that was later, since no batch waited before.
   */
  completed(batch: number): void {
    const now = performance.now()
    this.#completedAt.push(now)
    for (const { at } of this.#waiting) this.#recoveries.push({ at, ms: now - Math.max(at, this.#dueAt(batch)) })
    this.#waiting.clear()
  }

  get recoveryMs(): Quantiles | undefined {
    return quantiles(this.#recoveries.map(({ ms }) => ms))
  }

  /** Returns the course from batch `first` on. */
  timeline(first: number): Timeline {
    const zero = this.#dueAt(first)
    const since = (moment: number) => Math.round((moment - zero) * 10) / 10
    return {
      batches: this.#completedAt
        .slice(first - 1)
        .map((completed, i) => ({ due: since(this.#dueAt(first + i)), completed: since(completed) })),
      kills: this.#kills.map(({ at, mode, threads }) => ({ at: since(at), mode, threads })),
      recoveries: this.#recoveries.map(({ at, ms }) => ({ at: since(at), ms: Math.round(ms * 10) / 10 })),
    }
  }

  /** Batches from `first` to `last` that are complete. */
  phase(first: number, last: number, records: (batch: number) => number): Phase {
    const latencies: number[] = []
    let busyMs = 0
    let count = 0
    for (let batch = first; batch <= Math.min(last, this.batches); batch++) {
      const completed = this.#completedAt[batch - 1]!
      const due = this.#dueAt(batch)
      latencies.push(completed - due)
      busyMs += completed - Math.max(due, this.#completedAt[batch - 2] ?? 0)
      count += records(batch)
    }
    return { latencyMs: quantiles(latencies), throughput: busyMs > 0 ? Math.round((count * 1000) / busyMs) : undefined }
  }
}

function quantiles(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const at = (q: number) => Math.round(sorted[Math.ceil(q * sorted.length) - 1]! * 10) / 10
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
