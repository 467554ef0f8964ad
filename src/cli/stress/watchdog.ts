/** If no batch completes for this long, in ms, the run hangs. A recovery takes a hundredth of it. */
const PATIENCE_MS = 30_000
/** Looks in that time. Each counts the same, also a late one, so time in which the process is stopped does not count. */
const LOOKS = 30

/** Detects a run that makes no progress: it would otherwise look like a slow run. */
export class Watchdog {
  /** Rejects after too long without progress. Never resolves. */
  readonly starved: Promise<never>
  readonly #timer: NodeJS.Timeout
  #looks = 0

  constructor(patienceMs = PATIENCE_MS) {
    let bite!: (error: Error) => void
    this.starved = new Promise((_, reject) => {
      bite = reject
    })
    this.#timer = setInterval(() => {
      if (++this.#looks === LOOKS) bite(new Error(`No batch was completed for ${patienceMs / 1000} s.`))
    }, patienceMs / LOOKS)
  }

  alive(): void {
    this.#looks = 0
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
