import { encodeError } from '../../error-wire.js'
import type { AttachMessage, TaskResult, TasksMessage } from '../../protocol.js'
import { type AttachAnswer, type Attached, attach, type CreateRuntime } from './attach.js'

/**
 * Returns the function that handles every message in the worker: first `attach`, then tasks, one after the other.
 *
 * If messages 1 and 2 are queued, Piscina calls this for message 2 before it has posted the answer to message 1. A
 * synchronous task 2 would therefore delay answer 1, so task 2 waits for a turn of the event loop. By then answer 1,
 * which is posted in the microtasks after its promise, has been sent, and control calls that arrived while task 1 ran
 * have been answered.
 */
export function serve(createRuntime: CreateRuntime): (message: AttachMessage | TasksMessage) => Promise<unknown> {
  let attached: Attached | undefined
  let free: Promise<unknown> = Promise.resolve()

  async function answer(message: AttachMessage | TasksMessage): Promise<AttachAnswer | TaskResult[]> {
    if (message.type === 'attach') {
      try {
        attached = await attach(message, createRuntime)
        return { ok: true }
      } catch (error) {
        return { ok: false, error: encodeError(error) }
      }
    }
    const { thread, tasks } = message
    if (thread !== attached?.thread) return tasks.map(() => ({ ok: 'stale' }))
    const results: TaskResult[] = []
    for (const task of tasks) results.push(await attached.run(task))
    return results
  }

  return (message) => {
    const answered = free.then(() => answer(message))
    free = answered.then(nextTurn, nextTurn)
    return answered
  }
}

/** Waits for two immediates: the first may run before the event loop reads messages; between the two it reads them. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
