import type { MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import { CONTROL_CALLS, type ControlAnswer, type ControlWire } from './control-calls.js'
import { comlink, nodeEndpoint } from './endpoint.js'
import { decodeError } from './error-wire.js'
import type { WorkerControl } from './protocol.js'

/** The calls that the driver makes to one thread. A call costs about 0.1 ms: do not make one per record or block. */
export type ThreadControl = {
  readonly [K in keyof WorkerControl]: (
    ...args: Parameters<WorkerControl[K]>
  ) => Promise<Awaited<ReturnType<WorkerControl[K]>>>
}

/** Settles like the promise, or rejects when the thread dies, whichever comes first. */
export type RaceWithDeath = <T>(promise: Promise<T>) => Promise<T>

/**
 * The driver's end of the control plane. A Comlink call to a dead thread stays pending forever, so this class races
 * each call with the thread's death. The port keeps the event loop alive only while a call waits for its answer.
 */
export class ControlPlane {
  readonly #port: MessagePort
  readonly #race: RaceWithDeath
  #remote: Remote<ControlWire> | undefined
  #pending = 0
  readonly control: ThreadControl

  constructor(port: MessagePort, race: RaceWithDeath) {
    this.#port = port
    this.#race = race
    const calls = CONTROL_CALLS.map((name) => [name, (...args: unknown[]) => this.#call(name, args)] as const)
    this.control = Object.freeze(Object.fromEntries(calls)) as unknown as ThreadControl
  }

  /** Closes the port of a dead thread. The race has rejected its pending calls. */
  release(): void {
    this.#remote?.[comlink().releaseProxy]()
    this.#port.close()
  }

  async #call(name: keyof WorkerControl, args: readonly unknown[]): Promise<unknown> {
    this.#remote ??= comlink().wrap<ControlWire>(nodeEndpoint(this.#port))
    const remote = this.#remote
    if (this.#pending++ === 0) this.#port.ref()
    try {
      const call = async () => (await remote[name](...args)) as ControlAnswer
      const answer = await this.#race(call())
      if (!answer.ok) throw decodeError(answer.error)
      return answer.value
    } finally {
      if (--this.#pending === 0) this.#port.unref()
    }
  }
}
