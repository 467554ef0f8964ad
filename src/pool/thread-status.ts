/**
 * Shared words through which the driver watches a thread without messages.
 *
 * | word | written by | meaning |
 * | --- | --- | --- |
 * | 0 PROGRESS | the thread, plain stores | grows while its loop advances; the driver looks for a standstill |
 * | 1 RUNNING  | the thread, Atomics      | 1 while a task runs |
 * | 2 EXITING  | the thread, Atomics      | 1 once its code has called process.exit, so the pool does not report a termination |
 * | 3 RESOURCES | the thread, Atomics     | 1 once it holds a resource that must be closed at its end |
 * | 4 UNCLAIMED | both, Atomics           | the tasks that it has yet to begin, see claims.ts |
 */
export const STATUS_WORDS = 8
export const PROGRESS = 0
export const RUNNING = 1
export const EXITING = 2
export const RESOURCES = 3
export const UNCLAIMED = 4

export function newThreadStatus(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(STATUS_WORDS * 4))
}
