import type { MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import { ArgumentError, MillraceError } from '../errors.js'
import { CONTROL_CALLS, type ControlAnswer, type ControlWire } from './control-calls.js'
import { comlink, nodeEndpoint } from './endpoint.js'
import { decodeError } from './error-wire.js'
import type { WorkerControl } from './protocol.js'

type ControlFace = {
  readonly [K in keyof WorkerControl]: (
    ...args: Parameters<WorkerControl[K]>
  ) => Promise<Awaited<ReturnType<WorkerControl[K]>>>
}

/** The calls that the driver makes to one thread. A call costs about 0.1 ms: never one a record or block. */
export interface ThreadControl extends ControlFace {
  /** The same calls, which reject with ERR_MILLRACE_TASK_TIMEOUT when there is no answer within `ms` milliseconds. */
  within(ms: number): ControlFace
}

/** Settles as the promise does, or rejects when the thread dies, whichever comes first. */
export type RaceWithDeath = <T>(promise: Promise<T>) => Promise<T>

/**
 * The driver's end of the control plane. A Comlink call to a dead thread stays pending for ever, so each one is raced
 * with the thread's death here. The port keeps the event loop alive only while a call waits for its answer.
 */
export class ControlPlane {
  readonly #port: MessagePort
  readonly #race: RaceWithDeath
  readonly #thread: number
  #remote: Remote<ControlWire> | undefined
  #pending = 0
  readonly control: ThreadControl

  constructor(port: MessagePort, thread: number, race: RaceWithDeath) {
    this.#port = port
    this.#thread = thread
    this.#race = race
    this.control = Object.freeze({ ...this.#face(undefined), within: (ms: number) => this.#face(checkedDeadline(ms)) })
  }

  /** For a thread that has died: its pending calls are rejected by the race. */
  release(): void {
    this.#remote?.[comlink().releaseProxy]()
    this.#port.close()
  }

  #face(deadline: number | undefined): ControlFace {
    const calls = CONTROL_CALLS.map((name) => [name, (...args: unknown[]) => this.#call(name, args, deadline)] as const)
    return Object.freeze(Object.fromEntries(calls)) as unknown as ControlFace
  }

  async #call(name: keyof WorkerControl, args: readonly unknown[], deadline: number | undefined): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    this.#remote ??= comlink().wrap<ControlWire>(nodeEndpoint(this.#port))
    const remote = this.#remote
    if (this.#pending++ === 0) this.#port.ref()
    try {
      const call = async () => (await remote[name](...args)) as ControlAnswer
      const late = new Promise<never>((_, reject) => {
        if (deadline !== undefined) timer = setTimeout(() => reject(this.#late(name, deadline)), deadline)
      })
      const answer = await this.#race(Promise.race([call(), late]))
      if (!answer.ok) throw decodeError(answer.error)
      return answer.value
    } finally {
      clearTimeout(timer)
      if (--this.#pending === 0) this.#port.unref()
    }
  }

  #late(name: string, ms: number): MillraceError {
    const message =
      `Thread ${this.#thread} did not answer ${name}() within ${ms} ms. ` +
      'It answers between tasks: allow more time than a task takes, or terminate the thread.'
    return new MillraceError('ERR_MILLRACE_TASK_TIMEOUT', message, {
      details: { thread: this.#thread, call: name, ms },
    })
  }
}

function checkedDeadline(ms: number): number {
  if (ms > 0 && ms < 2 ** 31) return ms
  throw new ArgumentError(`within(${ms}): a deadline is a number of milliseconds above 0 and below 2^31.`, { ms })
}
