import type { PartitionIndex } from '../../ids.js'

/**
 * The number of setbacks after which a task fails its job. A setback is an attempt that ended through no fault of the
 * task: a kill from outside, a lost input, state that has moved. Even with a kill every 50 ms, a task that fits between
 * two kills stays far below this.
 */
const MOST_SETBACKS = 100
/** The number of threads that all tasks of a job together may end, as a multiple of `maxFailures`. */
const LOST_THREADS = 8

/** A task, as far as its budget is concerned: a partition of a stage. */
export interface BudgetedTask {
  readonly stage: { readonly identity: string }
  readonly partition: PartitionIndex
}

/** The failures and setbacks so far of one partition of a stage. */
interface Spent {
  failures: number
  setbacks: number
}

/**
 * Counts failures and setbacks of a job, by stage and partition. Recovery replaces attempts and tasks. Counts that
 * belonged to these would start at 0 again, and a job that kills its threads would never end.
 */
export class JobBudget {
  readonly #maxFailures: number
  readonly #spent = new Map<string, Spent>()
  #lostThreads = 0

  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures
  }

  /** Counts a failure of the task. Returns how often it has failed, and whether the job must fail. */
  failed(spec: BudgetedTask, lostThread: boolean): { readonly times: number; readonly over: boolean } {
    const times = ++this.#of(spec).failures
    if (lostThread) this.#lostThreads++
    return { times, over: times >= this.#maxFailures || this.#lostThreads >= LOST_THREADS * this.#maxFailures }
  }

  /** Counts a setback of the task. Returns whether the job must fail. */
  setBack(spec: BudgetedTask): boolean {
    return ++this.#of(spec).setbacks >= MOST_SETBACKS
  }

  #of({ stage, partition }: BudgetedTask): Spent {
    const key = `${stage.identity}/${partition}`
    let spent = this.#spent.get(key)
    if (!spent) this.#spent.set(key, (spent = { failures: 0, setbacks: 0 }))
    return spent
  }
}
