import { UNCLAIMED } from './thread-status.js'

/*
 * The driver can take back tasks that a thread has received and not begun, also while the thread computes and reads no
 * message. Both change one shared word: bit 0 is 1 while tasks are recalled, the bits above count the tasks that the
 * thread has not claimed. Each change is one atomic step, so a task is either claimed or recalled, never both.
 *
 * A recalled thread refuses every task until the driver reopens it. The driver does so when the thread has answered for all
 * recalled tasks, and sends it nothing before.
 */

const ONE = 2
const RECALLED = 1

/** The driver, before it sends a message with `tasks` tasks. */
export function offer(status: Int32Array, tasks: number): void {
  Atomics.add(status, UNCLAIMED, ONE * tasks)
}

/** The thread, before it begins its next task. Returns false if the driver has taken it back. */
export function claim(status: Int32Array): boolean {
  return (Atomics.sub(status, UNCLAIMED, ONE) & RECALLED) === 0
}

/** Returns the number of tasks that the thread has not claimed: they are the last ones sent. */
export function unclaimed(status: Int32Array): number {
  return Atomics.load(status, UNCLAIMED) >> 1
}

/** The driver: takes back all tasks that the thread has not claimed. Returns their number: they are the last ones sent. */
export function recall(status: Int32Array): number {
  return Atomics.or(status, UNCLAIMED, RECALLED) >> 1
}

/** The driver, when the thread has answered for all recalled tasks: it may claim tasks again. */
export function reopen(status: Int32Array): void {
  Atomics.and(status, UNCLAIMED, ~RECALLED)
}
