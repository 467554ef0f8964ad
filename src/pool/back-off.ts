const FIRST_MS = 10
const LAST_MS = 1_000

/** A pause after a failure, from 10 ms to 1 s, which doubles while failures that are likely to repeat follow. */
export class BackOff {
  readonly #onEnd: () => void
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #next = FIRST_MS

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  get waiting(): boolean {
    return this.#timer !== undefined
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /**
   * Begins a pause, or lets the one that runs go on. `chance`: the failure does not speak for a next one, so the pause
   * is the shortest. It holds the event loop only if somebody waits for its end.
   */
  failed(chance: boolean, holdLoop: boolean): void {
    this.#failures++
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#onEnd()
      },
      chance ? FIRST_MS : this.#next,
    )
    if (!chance) this.#next = Math.min(LAST_MS, this.#next * 2)
    if (!holdLoop) this.#timer.unref()
  }

  ref(): void {
    this.#timer?.ref()
  }

  /** A success. The caller goes on at once, so the end of a running pause is not reported. */
  reset(): void {
    this.#failures = 0
    this.#next = FIRST_MS
    this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
