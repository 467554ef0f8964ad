import type { Partitioner, Planner, Rejecting, RejectingDataset } from '../dataset.js'
import type { Plan, Step } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Rdd } from './rdd.js'

/** One element-wise operation over a parent. Consecutive operations run as one loop. */
export class ChainRdd<T> extends NarrowRdd<T> {
  /** How records whose function throws are rejected; undefined: they fail the task. */
  readonly rejecting: Rejecting | undefined
  readonly step: Step

  constructor(parent: Rdd<unknown>, step: Step, partitioner?: Partitioner, rejecting?: Rejecting) {
    super(parent, step.label, partitioner)
    this.rejecting = rejecting
    this.step = step
  }

  protected describe(partition: number, planner: Planner): Plan {
    const of = this.planOfParent(partition, planner)
    const step: Step =
      this.rejecting && this.step.op !== 'mapPartitions'
        ? { ...this.step, rejects: planner.rejects(this as RejectingDataset, partition) }
        : this.step
    if (of.op === 'chain') return { op: 'chain', of: of.of, steps: [...of.steps, step] }
    return { op: 'chain', of, steps: [step] }
  }
}
