import type { TaskResult } from '../pool/protocol.js'
import type { Reading } from './content-versions.js'
import type { Exchange } from './exchange.js'
import type { JobBudget } from './job-budget.js'
import type { MissingOutputs, PlannedTask } from './planner.js'
import type { Taken } from './take-answer.js'

/** A job as its tasks see it. */
export interface Job {
  readonly id: number
  readonly batchTime: number | undefined
  readonly budget: JobBudget
  cancelled: boolean
}

/** What the tasks of a stage have in common. */
export interface Stage {
  readonly id: number
  /** The same for every run of the stage in its job: `result`, or the shuffle that it writes or samples. */
  readonly identity: string
  readonly tasks: number
  /** Run times of the tasks that are done, in ms. */
  readonly runTimes: number[]
}

export interface TaskSpec {
  readonly job: Job
  readonly stage: Stage
  readonly partition: number
  /** What the task is part of, for errors: `reduceByKey#3`. */
  readonly label: string
  /** Attempts so far. They outlive the `Pending` that a new plan replaces. */
  attempts: number
  /** Plans the task anew for each attempt, as blocks and state may have moved. */
  plan(): PlannedTask | MissingOutputs
}

/** A task whose first attempt is planned already. */
export interface NewTask {
  readonly spec: TaskSpec
  readonly planned: PlannedTask
}

export interface TaskDone extends Taken {
  readonly planned: PlannedTask
  readonly result: TaskResult & { ok: true }
  readonly thread: number
  /** What it read that may be lost and come out different. */
  readonly reads: Reading[]
}

/** A task until its first result. */
export interface Pending {
  readonly spec: TaskSpec
  readonly resolve: (done: TaskDone | MissingOutputs) => void
  readonly reject: (error: unknown) => void
  /** Settled: whatever other attempts bring is dropped. */
  done: boolean
  /** Attempts queued or running. */
  live: number
}

export function newTask(spec: TaskSpec, resolve: Pending['resolve'], reject: Pending['reject']): Pending {
  return { spec, resolve, reject, done: false, live: 0 }
}

/** One try of a task. Its blocks are pinned from planning to the end, so that none is lost or reused in between. */
export interface Attempt {
  readonly task: Pending
  readonly number: number
  readonly planned: PlannedTask
  readonly pins: readonly number[]
  startedAt: number
  /** Of the program table. */
  readonly program: number
  /** Of a group: the exchange between its tasks, and the place on the board that this one fills, if it does. */
  readonly exchange?: Exchange
  readonly place?: number
  /** A copy of a task that is done, run for practice: what it brings is dropped. */
  readonly rehearsal?: true
}

/** What a task has read, with the map outputs that it took from other threads of its group. */
export function readsOf({ reads, promised }: PlannedTask, { took }: TaskDone['result']): Reading[] {
  if (!took) return reads
  let next = 0
  for (const of of promised) {
    const crcs = took.slice(next, (next += of.parts.length))
    reads.push({ of, version: of.version, crcs })
  }
  return reads
}
