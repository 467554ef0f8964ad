import { StateError } from '../errors.js'
import type { Receiver, ReceiverSink } from '../ops/source.js'
import { messageOf } from '../values/message-of.js'

/**
 * The whole life of a receiver as one async function: it calls `ready` when data can arrive, goes on until `signal` is
 * aborted or the input is at its end, and then returns. It must not call the sink after it has returned.
 */
export type ReceiverLoop = (sink: ReceiverSink, signal: AbortSignal, ready: () => void) => Promise<void>

/**
 * A receiver made of a loop. A fault before `ready` rejects `start`; a later one is reported and ends the source.
 * `stop` aborts the loop's signal and waits for the loop, so nothing reaches the sink afterwards.
 */
export class LoopReceiver implements Receiver {
  readonly #name: string
  readonly #loop: ReceiverLoop
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined

  constructor(name: string, loop: ReceiverLoop) {
    this.#name = name
    this.#loop = loop
  }

  async start(sink: ReceiverSink): Promise<void> {
    if (this.#running) {
      throw new StateError(`The receiver of ${this.#name} is running already. Stop it before it is started again.`)
    }
    const abort = new AbortController()
    const onAbort = () => abort.abort()
    if (sink.signal.aborted) onAbort()
    else sink.signal.addEventListener('abort', onAbort, { once: true })
    await new Promise<void>((resolve, reject) => {
      let ready = false
      const loop = this.#loop(sink, abort.signal, () => {
        ready = true
        resolve()
      })
      // First of all free for the next start: whoever awaits this one may try again at once.
      const over = () => {
        sink.signal.removeEventListener('abort', onAbort)
        this.#running = undefined
      }
      const ended = loop.then(
        () => {
          over()
          resolve()
        },
        (error: unknown) => {
          over()
          // After an abort a rejection is its consequence (a socket destroyed while it is read), not news.
          if (abort.signal.aborted) resolve()
          else if (ready) sink.report(`${this.#name} has ended: ${messageOf(error)}`, error)
          else reject(error)
        },
      )
      this.#running = { abort, ended }
    })
  }

  async stop(): Promise<void> {
    this.#running?.abort.abort()
    await this.#running?.ended
  }
}
