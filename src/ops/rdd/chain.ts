import type { Partitioner } from '../partitioner.js'
import type { Plan, Step } from '../plan.js'
import { NarrowRdd } from './narrow.js'
import type { Planner, Rdd, Rejecting, RejectingRdd } from './rdd.js'

/** One element-wise operation over a parent. Operations that follow each other become one loop. */
export class ChainRdd<T> extends NarrowRdd<T> {
  /** Whether records whose function throws are given up, and how. */
  readonly rejecting: Rejecting | undefined
  readonly #step: Step

  constructor(parent: Rdd<unknown>, step: Step, partitioner?: Partitioner, rejecting?: Rejecting) {
    super(parent, step.label, partitioner)
    this.rejecting = rejecting
    this.#step = step
  }

  plan(partition: number, planner: Planner): Plan {
    const of = this.planOfParent(partition, planner)
    const step: Step =
      this.rejecting && this.#step.op !== 'mapPartitions'
        ? { ...this.#step, rejects: planner.rejects(this as RejectingRdd, partition) }
        : this.#step
    if (of.op === 'chain') return { op: 'chain', of: of.of, steps: [...of.steps, step] }
    return { op: 'chain', of, steps: [step] }
  }
}
