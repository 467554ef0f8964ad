/**
 * Shared words through which the driver watches a thread without asking it.
 *
 * | word | written by | meaning |
 * | --- | --- | --- |
 * | 0 PROGRESS | the thread, plain stores | grows while its loop advances; the driver looks for standstill |
 * | 1 RUNNING  | the thread, Atomics      | n while the n-th task of a message runs |
 * | 2 EXITING  | the thread, Atomics      | 1 once its code has called process.exit: tells suicide from murder |
 */
export const VITALS_WORDS = 8
export const PROGRESS = 0
export const RUNNING = 1
export const EXITING = 2

export function newVitals(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(VITALS_WORDS * 4))
}
