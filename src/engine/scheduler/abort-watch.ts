/** Watches signals with one listener each for any number of jobs, because Node warns about more than ten listeners. */
export class AbortWatch {
  readonly #waiting = new WeakMap<AbortSignal, Set<() => void>>()

  /** Calls `aborted` when `signal` aborts. Returns a function that unsubscribes; the last one removes the listener. */
  on(signal: AbortSignal, aborted: () => void): () => void {
    const waiting = this.#waiting.get(signal) ?? new Set()
    if (waiting.size === 0) signal.addEventListener('abort', this.#abort)
    this.#waiting.set(signal, waiting.add(aborted))
    return () => this.#leave(signal, aborted)
  }

  #leave(signal: AbortSignal, aborted: () => void): void {
    const waiting = this.#waiting.get(signal)
    waiting?.delete(aborted)
    if (waiting?.size !== 0) return
    this.#waiting.delete(signal)
    signal.removeEventListener('abort', this.#abort)
  }

  readonly #abort = ({ target }: Event): void => {
    for (const aborted of this.#waiting.get(target as AbortSignal) ?? []) aborted()
  }
}
