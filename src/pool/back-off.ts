const FIRST_MS = 10
const LAST_MS = 1_000

/** Pauses after a failure, from 10 ms to 1 s. The pause doubles with each failure in a row that is likely to repeat. */
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
   * Starts a pause, unless one runs. `chance`: the failure does not make another one likely, so the pause is the
   * shortest. `holdLoop`: the pause keeps the process alive, because a caller waits for its end.
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

  /** Records a success. The caller continues at once, so a running pause ends without a report. */
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
