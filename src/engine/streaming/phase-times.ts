import type { BatchPhases } from '../events/batch-progress.js'

/** Measures the phases of one batch, by real time. */
export class PhaseTimes {
  readonly #ms: { -readonly [P in keyof BatchPhases]: number } = {
    allocate: 0,
    plan: 0,
    run: 0,
    commit: 0,
    checkpoint: 0,
  }
  #since = 0

  /** Starts to measure. */
  begin(): void {
    this.#since = performance.now()
  }

  /** Adds the time since `begin`, or since the phase before, to a phase. */
  end(phase: keyof BatchPhases): void {
    const now = performance.now()
    this.#ms[phase] += now - this.#since
    this.#since = now
  }

  /** Adds a time that was measured elsewhere. */
  add(phase: keyof BatchPhases, ms: number): void {
    this.#ms[phase] += ms
  }

  get ms(): BatchPhases {
    return { ...this.#ms }
  }
}
