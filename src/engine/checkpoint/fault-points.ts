import type { FaultPlan } from '../../pool/protocol.js'

/**
 * Instructions at which the process gets a signal, as if it came from outside at that very moment: for tests. Set with the
 * same option as the fault points of threads.
 */
export type CheckpointFaultPoint =
  | 'checkpoint:gathered'
  | 'checkpoint:data-written'
  | 'checkpoint:metadata-written'
  | 'checkpoint:published'

export function checkpointFaultPoint(point: CheckpointFaultPoint, plans: readonly FaultPlan[] | undefined): void {
  for (const plan of plans ?? []) {
    if (plan.point === point && Atomics.add(new Int32Array(plan.passes), 0, 1) + 1 === plan.nth)
      process.kill(process.pid, plan.signal ?? 'SIGKILL')
  }
}
