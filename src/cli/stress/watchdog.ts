/** If no batch completes for this long, in ms, the run hangs. A recovery takes a hundredth of it. */
const PATIENCE_MS = 30_000

/** Detects a run that makes no progress: it would otherwise look like a slow run. */
export class Watchdog {
  /** Rejects after too long without progress. Never resolves. */
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
