import type { ProcessFaultPoint } from '../../pool/fault-points.js'
import type { FaultPlan } from '../../pool/protocol.js'

/** Sends the process a signal if a fault plan names this instruction. */
export function processFaultPoint(point: ProcessFaultPoint, plans: readonly FaultPlan[] | undefined): void {
  for (const plan of plans ?? []) {
    if (plan.point === point && Atomics.add(new Int32Array(plan.passes), 0, 1) + 1 === plan.nth)
      process.kill(process.pid, plan.signal ?? 'SIGKILL')
  }
}
