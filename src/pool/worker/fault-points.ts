import { isRehearsing } from '../../ops/rehearsal.js'
import type { FaultPlan } from '../protocol.js'

/**
 * Places where a kill would hurt most. A thread given a fault plan ends there, at once and without a word, as if it had
 * been terminated from outside at that very instruction. Without a plan a passing costs one comparison.
 */
export type FaultPoint =
  | 'task:start'
  | 'task:computed'
  | 'block:unsealed'
  | 'block:sealed'
  | 'block:taken-over'
  | 'state:rebuilt'
  | 'state:half-applied'
  | 'state:applied'
  | 'exchange:published'
  | 'exchange:taken'
  | 'task:end'

let plans: readonly FaultPlan[] | undefined
/** The real process.exit: this module is loaded before attach.ts makes exits announce themselves. */
const die = process.exit.bind(process)

export function armFaults(faults: readonly FaultPlan[] | undefined): void {
  plans = faults
}

export function faultPoint(point: FaultPoint): void {
  if (plans === undefined || isRehearsing()) return
  for (const plan of plans) {
    if (plan.point === point && Atomics.add(new Int32Array(plan.passes), 0, 1) + 1 === plan.nth) die(1)
  }
}
