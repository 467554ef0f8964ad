import type { FaultPlan } from '../../pool/protocol.js'

/**
 * Places at which the process dies, at once, as if it had been killed from outside at that very instruction: for tests.
 * Given with the same option as those of threads.
 */
export type CheckpointFaultPoint =
  | 'checkpoint:gathered'
  | 'checkpoint:data-written'
  | 'checkpoint:metadata-written'
  | 'checkpoint:published'

export function checkpointFaultPoint(point: CheckpointFaultPoint, plans: readonly FaultPlan[] | undefined): void {
  for (const plan of plans ?? []) {
    if (plan.point === point && Atomics.add(new Int32Array(plan.passes), 0, 1) + 1 === plan.nth)
      process.kill(process.pid, 'SIGKILL')
  }
}
