import { encodeError } from '../error-wire.js'
import type { AttachMessage, TaskResult, TasksMessage } from '../protocol.js'
import { type AttachAnswer, type Attached, attach, type CreateRuntime } from './attach.js'

/**
 * The function that handles every message in the worker: first `attach`, then tasks, one after the other.
 *
 * Piscina calls it for message 2 before it has posted the answer to message 1 if both are there: a synchronous task 2
 * would hold back answer 1 for as long as it takes. So task 2 waits until the event loop has turned. By then answer 1,
 * which is posted in the microtasks that follow its promise, is on its way, and control calls that came while task 1
 * ran have been answered.
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
    for (const [i, task] of tasks.entries()) results.push(await attached.run(task, i + 1))
    return results
  }

  return (message) => {
    const answered = free.then(() => answer(message))
    free = answered.then(nextTurn, nextTurn)
    return answered
  }
}

/** Two immediates, since the first may come before the loop looks for messages; between the two it does. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
