/** A run in which no batch is completed for so long hangs: recovery takes a hundredth of it. */
const PATIENCE_MS = 30_000

/** Ends a run that gets nowhere, which would otherwise look like one that takes long. */
export class Watchdog {
  /** Rejects when nothing was heard for too long; never resolves. */
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
