/** Whether this thread runs a warm-up copy of a task. A thread runs one task at a time. */
let warmingUp = false

export function setWarmUp(on: boolean): void {
  warmingUp = on
}

/**
 * Returns whether the running task is a warm-up copy. Injected faults that fire once skip copies, whose results are
 * dropped.
 */
export function isWarmUp(): boolean {
  return warmingUp
}
