/** A run without a completed batch for this long hangs: recovery takes a hundredth of it. In ms. */
const PATIENCE_MS = 30_000

/** Ends a run that makes no progress, which would otherwise look like a slow one. */
export class Watchdog {
  /** Rejects after too long without progress; never resolves. */
  readonly starved: Promise<never>
  readonly #timer: NodeJS.Timeout

  constructor(patienceMs = PATIENCE_MS) {
    let bite!: (error: Error) => void
    this.starved = new Promise((_, reject) => {
      bite = reject
    })
    this.#timer = setTimeout(() => bite(new Error(`No batch was completed for ${patienceMs / 1000} s.`)), patienceMs)
  }

  alive(): void {
    this.#timer.refresh()
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}
