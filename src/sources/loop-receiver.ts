import { StateError } from '../errors.js'
import type { Receiver, ReceiverSink } from '../ops/source.js'
import { messageOf } from '../values/message-of.js'

/**
 * The whole life of a receiver as one async function. It calls `ready` when data can arrive, continues until `signal`
 * aborts or the input ends, and then returns. It must not call the sink after it has returned.
 *
 * `onClose` registers a function that releases what receipts need after the loop. It runs once, before the next start
 * or at the close.
 */
export type ReceiverLoop = (
  sink: ReceiverSink,
  signal: AbortSignal,
  ready: () => void,
  onClose: (release: () => unknown) => void,
) => Promise<void>

/**
 * A receiver that runs a loop. An error before `ready` rejects `start`; a later one is reported and ends the source.
 * `stop` aborts the loop's signal and waits for the loop, so nothing reaches the sink afterwards.
 */
export class LoopReceiver implements Receiver {
  readonly #name: string
  readonly #loop: ReceiverLoop
  #running: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined
  #releases: (() => unknown)[] = []

  constructor(name: string, loop: ReceiverLoop) {
    this.#name = name
    this.#loop = loop
  }

  async start(sink: ReceiverSink): Promise<void> {
    if (this.#running) {
      throw new StateError(`The receiver of ${this.#name} is already running. Stop it before starting it again.`)
    }
    await this.close()
    const abort = new AbortController()
    const onAbort = () => abort.abort()
    if (sink.signal.aborted) onAbort()
    else sink.signal.addEventListener('abort', onAbort, { once: true })
    await new Promise<void>((resolve, reject) => {
      let ready = false
      const onReady = () => {
        ready = true
        resolve()
      }
      const loop = this.#loop(sink, abort.signal, onReady, (release) => this.#releases.push(release))
      // Allow the next start first, because the caller that awaits this one may retry at once.
      const over = () => {
        sink.signal.removeEventListener('abort', onAbort)
        this.#running = undefined
      }
      const ended = loop.then(
        () => {
          over()
          resolve()
          if (!abort.signal.aborted) sink.stop()
        },
        (error: unknown) => {
          over()
          // After an abort, a rejection is its consequence (such as a socket destroyed during a read) and is not
          // reported.
          if (abort.signal.aborted) resolve()
          else if (!ready) reject(error)
          else {
            sink.report(`${this.#name} has ended: ${messageOf(error)}`, error)
            sink.stop()
          }
        },
      )
      this.#running = { abort, ended }
    })
  }

  async stop(): Promise<void> {
    this.#running?.abort.abort()
    await this.#running?.ended
  }

  async close(): Promise<void> {
    for (const release of this.#releases.splice(0)) await release()
  }
}
