import type { ThreadFaultPoint } from '../../fault-points.js'
import type { FaultPlan } from '../../protocol.js'
import { isWarmUp } from './warm-up.js'

let plans: readonly FaultPlan[] | undefined
/** The real process.exit: this module is loaded before attach.ts makes exits announce themselves. */
const die = process.exit.bind(process)

/** Sets the plans of this thread. Without any, passing a fault point costs one comparison. */
export function armFaults(faults: readonly FaultPlan[] | undefined): void {
  plans = faults
}

/**
 * Ends the thread here if a fault plan says so: no event, message or clean-up follows. Does nothing in warm-up copies.
 */
export function faultPoint(point: ThreadFaultPoint): void {
  if (plans === undefined || isWarmUp()) return
  for (const plan of plans) {
    if (plan.point === point && Atomics.add(new Int32Array(plan.passes), 0, 1) + 1 === plan.nth) die(1)
  }
}
