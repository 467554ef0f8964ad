import type { BatchTime, PartitionIndex, ThreadId } from '../../ids.js'
import type { TaskResult } from '../../pool/protocol.js'
import type { JobMeter, StageMeter } from '../progress/job-meter.js'
import type { Reading } from '../storage/content-versions.js'
import type { TaskInputs } from '../storage/input-pins.js'
import type { JobBudget } from './job-budget.js'
import type { Exchange } from './pipelined/exchange.js'
import type { MissingInputs, PlannedTask } from './planned-task.js'
import type { Taken } from './take-answer.js'

/** A job as its tasks see it. */
export interface Job {
  readonly id: number
  readonly batchTime: BatchTime | undefined
  readonly budget: JobBudget
  /** Whether its additions to accumulators with a name count already: see withAdditionsRestored. */
  readonly areAdditionsRestored: boolean
  /** Bytes of the results that the driver has received. */
  resultBytes: number
  /** Whether the job has its result, failed or was cancelled. No more of its tasks start. */
  ended: boolean
  readonly meter?: JobMeter | undefined
}

/** The part that the tasks of a stage share. */
export interface Stage {
  readonly id: number
  /** The same for every run of the stage in its job: `result`, or the shuffle that it writes or samples. */
  readonly identity: string
  readonly tasks: number
  /** Run times of the finished tasks, in ms. */
  readonly runTimes: number[]
  readonly meter?: StageMeter | undefined
  /** When its first task was sent, in ms; undefined before. */
  startedAt: number | undefined
}

export interface TaskSpec {
  readonly job: Job
  readonly stage: Stage
  readonly partition: PartitionIndex
  /** The operation that the task computes, for errors: `reduceByKey#3`. */
  readonly label: string
  /** Attempts so far. If the task is submitted again, the count continues. */
  attempts: number
  /** Bytes of its last result. */
  resultBytes: number
  /** Whether its additions to accumulators have been credited. */
  credited: boolean
  /** Plans the task. Called for each attempt, because blocks and state may have moved. */
  plan(): PlannedTask | MissingInputs
}

export interface TaskDone extends Taken {
  readonly planned: PlannedTask
  readonly result: TaskResult & { ok: true }
  readonly thread: ThreadId
  /** The versions of the data that it has read. */
  readonly reads: Reading[]
}

/** A task from its submission until it settles. */
export interface Task {
  readonly spec: TaskSpec
  /** Whether its outcome is known. The scheduler then drops the results of further attempts. */
  settled: boolean
  /** Attempts that are being planned, queued or running. */
  live: number
}

export function newTask(spec: TaskSpec): Task {
  return { spec, settled: false, live: 0 }
}

/**
 * One execution of a task. Its blocks are pinned from planning to its end, so that none is lost or reused meanwhile.
 */
export interface Attempt {
  readonly task: Task
  readonly number: number
  readonly planned: PlannedTask
  readonly pins: TaskInputs
  /** When its thread started it, in ms. */
  startedAt: number
  /** Its number in the program table. */
  readonly program: number
  /** In pipelined stages: the exchange between their tasks and, for a map task, its entry on the board. */
  readonly exchange?: Exchange
  readonly place?: number
  /** A copy of a finished task, which makes a new thread compile its code. Its results are dropped. */
  readonly warmUp?: true
  /** Its thread will not run it: the driver took it back, and its task has another attempt. Its pins stay until the answer. */
  isRecalled?: true
}

/** A planned task of pipelined stages, before it becomes an attempt. */
export interface GroupedTask extends Pick<Attempt, 'task' | 'planned' | 'program' | 'exchange' | 'place'> {
  /** Broadcast variables that the program reads. */
  readonly broadcasts: readonly number[]
}

export function newAttempt({ task, planned, program, broadcasts, exchange, place }: GroupedTask): Attempt {
  const pins = { blocks: planned.blocks.map(({ id }) => id), files: planned.files, broadcasts }
  return { task, number: task.spec.attempts++, planned, pins, startedAt: 0, program, exchange, place }
}

/** Returns the versions that a task has read, including the map outputs that it took from its exchange board. */
export function readsOf({ reads, promised }: PlannedTask, { took }: TaskDone['result']): Reading[] {
  if (!took) return reads
  let next = 0
  for (const of of promised) {
    const crcs = took.slice(next, (next += of.parts.length))
    reads.push({ of, version: of.version, crcs })
  }
  return reads
}
