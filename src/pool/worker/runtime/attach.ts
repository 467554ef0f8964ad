import type { MessagePort } from 'node:worker_threads'
import { StateError } from '../../../errors.js'
import { CONTROL_CALLS, type ControlAnswer } from '../../control-calls.js'
import { comlink, nodeEndpoint } from '../../endpoint.js'
import { encodeError, type WireError } from '../../error-wire.js'
import {
  type AttachMessage,
  PROTOCOL,
  type TaskMessage,
  type TaskResult,
  type WorkerBoot,
  type WorkerControl,
} from '../../protocol.js'
import { EXITING, RUNNING } from '../../thread-status.js'
import { loadAhead } from './load-ahead.js'

/** The handlers of tasks and control calls of an attached thread. */
export interface WorkerRuntime {
  run(message: TaskMessage): TaskResult | Promise<TaskResult>
  readonly control: WorkerControl
}

/**
 * Loads the pipeline module, if there is one, and builds the runtime. The caller that opens the pool gets its errors.
 */
export type CreateRuntime = (boot: WorkerBoot, message: AttachMessage) => Promise<WorkerRuntime>

export type AttachAnswer = { readonly ok: true } | { readonly ok: false; readonly error: WireError }

export interface Attached {
  readonly thread: number
  run(message: TaskMessage): Promise<TaskResult>
}

/** Turns a new worker into a thread of the pool. */
export async function attach(message: AttachMessage, createRuntime: CreateRuntime): Promise<Attached> {
  if (message.protocol !== PROTOCOL) {
    throw new StateError(
      `The worker speaks protocol ${PROTOCOL}, its pool ${message.protocol}: two versions of the library are mixed. ` +
        'Install one version, and build the worker entry together with it.',
      { worker: PROTOCOL, pool: message.protocol },
    )
  }
  const status = new Int32Array(message.status)
  announceExit(status)
  const runtime = await createRuntime(message.boot, message)
  exposeControl(message.control, runtime.control)
  loadAhead()
  return { thread: message.thread, run: (task) => runTask(runtime, status, task) }
}

/** Announces process.exit in the status words: a termination also has exit code 1. */
function announceExit(status: Int32Array): void {
  const exit = process.exit.bind(process)
  process.exit = (code) => {
    Atomics.store(status, EXITING, 1)
    return exit(code)
  }
}

/** Exposes only the listed calls. Comlink would serve any path, and assignments too. */
function exposeControl(port: MessagePort, control: WorkerControl): void {
  const calls = CONTROL_CALLS.map((name) => {
    const method = control[name] as (...args: unknown[]) => unknown
    const call = async (...args: unknown[]): Promise<ControlAnswer> => {
      try {
        return { ok: true, value: await method.apply(control, args) }
      } catch (error) {
        return { ok: false, error: encodeError(error) }
      }
    }
    return [name, Object.freeze(call)] as const
  })
  port.once('message', (first) => {
    comlink().expose(Object.freeze(Object.fromEntries(calls)), nodeEndpoint(port))
    // Piscina's port keeps the thread's event loop alive; this one must not.
    port.unref()
    port.emit('message', first)
  })
  port.unref()
}

async function runTask(runtime: WorkerRuntime, status: Int32Array, task: TaskMessage): Promise<TaskResult> {
  Atomics.store(status, RUNNING, 1)
  try {
    return await runtime.run(task)
  } catch (error) {
    return { ok: false, error: encodeError(error), memory: { created: [], returned: [] } }
  } finally {
    Atomics.store(status, RUNNING, 0)
  }
}
