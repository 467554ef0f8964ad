import type { TaskSpec } from './task.js'

/**
 * Setbacks after which a task fails its job: attempts that ended through no fault of their own (a kill from outside, a lost
 * input, a state that had moved). Even a kill every 50 ms does not bring a task that fits between two kills near it.
 */
const MOST_SETBACKS = 100
/** Threads that the tasks of a job may end, for each failure that a single task may have. */
const LOST_THREADS = 8

/** What the attempts at one partition of a stage have used up. */
interface Spent {
  failures: number
  setbacks: number
}

/**
 * Counts what goes wrong in a job. A count belongs to a partition of a stage, not to the attempt or the task object at hand:
 * recovery replaces those, and a count that restarts with them never ends a job that keeps killing its threads.
 */
export class JobBudget {
  readonly #maxFailures: number
  readonly #spent = new Map<string, Spent>()
  #lostThreads = 0

  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures
  }

  /** Counts a failure that the task caused; returns how often it has failed, and whether the job must end. */
  failed(spec: TaskSpec, lostThread: boolean): { readonly times: number; readonly over: boolean } {
    const times = ++this.#of(spec).failures
    if (lostThread) this.#lostThreads++
    return { times, over: times >= this.#maxFailures || this.#lostThreads >= LOST_THREADS * this.#maxFailures }
  }

  /** Counts an attempt that ended through no fault of the task; returns whether the job must end. */
  setBack(spec: TaskSpec): boolean {
    return ++this.#of(spec).setbacks >= MOST_SETBACKS
  }

  #of({ stage, partition }: TaskSpec): Spent {
    const key = `${stage.identity}/${partition}`
    let spent = this.#spent.get(key)
    if (!spent) this.#spent.set(key, (spent = { failures: 0, setbacks: 0 }))
    return spent
  }
}
