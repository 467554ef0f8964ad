import type { Partitioner } from '../partitioner.js'
import type { Plan, Step } from '../plan.js'
import { type NarrowDependency, type Planner, Rdd, type Rejecting, type RejectingRdd } from './rdd.js'

/** One element-wise operation over a parent. Operations that follow each other become one loop. */
export class ChainRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency]
  /** Whether records whose function throws are given up, and how. */
  readonly rejecting: Rejecting | undefined
  readonly #step: Step

  /** `partitioner` is given only by operations that leave keys as they are. */
  constructor(parent: Rdd<unknown>, step: Step, partitioner?: Partitioner, rejecting?: Rejecting) {
    super(parent.context, step.label, partitioner)
    this.partitions = parent.partitions
    this.dependencies = [{ kind: 'narrow', rdd: parent }]
    this.rejecting = rejecting
    this.#step = step
  }

  plan(partition: number, planner: Planner): Plan {
    const of = planner.of(this.dependencies[0].rdd, partition)
    const step: Step =
      this.rejecting && this.#step.op !== 'mapPartitions'
        ? { ...this.#step, rejects: planner.rejects(this as RejectingRdd, partition) }
        : this.#step
    if (of.op === 'chain') return { op: 'chain', of: of.of, steps: [...of.steps, step] }
    return { op: 'chain', of, steps: [step] }
  }
}
