import type { AsyncCall as AsyncCallFace } from '../../../ops/rdd/map-async.js'

/** One call of an async function. The signal is created on first use: most functions do not use it. */
export class AsyncCall implements AsyncCallFace {
  #controller: AbortController | undefined
  #ended: { readonly reason: unknown } | undefined

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#ended) this.#controller.abort(this.#ended.reason)
    }
    return this.#controller.signal
  }

  /** Ends the call, because no task waits for its result any more. */
  end(reason: unknown): void {
    this.#ended = { reason }
    this.#controller?.abort(reason)
  }
}
