import type { AsyncCall as AsyncCallFace } from '../../ops/rdd/map-async.js'

/** One call of an async function. The signal is made when it is asked for: most functions do not. */
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

  /** Nobody waits for the call any more. */
  end(reason: unknown): void {
    this.#ended = { reason }
    this.#controller?.abort(reason)
  }
}
