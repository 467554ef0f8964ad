import type { ThreadId } from '../../ids.js'
import type { OperationFigures } from '../../pool/protocol.js'
import type { JobInfo, StageInfo } from '../progress/job-info.js'

/** A job at its start: one action, or one of the jobs of an output operation. */
export interface JobStart extends Omit<JobInfo, 'ms' | 'stages' | 'error'> {
  readonly partitions: number
}

/** The job and the batch of a stage. */
export interface StageOwner {
  readonly job: number
  /** The batch of the job, in ms; undefined outside of batches. */
  readonly batchTime: number | undefined
}

/** One attempt of a task. */
export interface TaskInfo extends StageOwner {
  readonly stage: number
  /** The operation whose partition the task computes. */
  readonly label: string
  readonly partition: number
  /** From 0. */
  readonly attempt: number
  readonly thread: ThreadId
}

/**
 * The end of one attempt. `succeeded`: its result counts. `dropped`: another attempt was first, or the job has ended.
 * `failed`: see `error`. `lost`: its thread died. `stale`: the thread did not run it, because an input that another task
 * had promised did not arrive; it is planned again.
 */
export type TaskStatus = 'succeeded' | 'dropped' | 'failed' | 'lost' | 'stale'

/** The end of an attempt, with its figures. */
export interface TaskEnd extends TaskInfo {
  readonly status: TaskStatus
  /** Ms that it ran in its thread; for an attempt without a result, ms since it was sent to the thread. */
  readonly ms: number
  /** Records that it read from its inputs. */
  readonly records: number
  /** Bytes that it wrote for a shuffle. */
  readonly shuffleBytes: number
  readonly error?: Error
}

/** The figures of the operations inside one task. */
export interface OperationsSample extends TaskInfo {
  /** Tasks of the stage. */
  readonly tasks: number
  readonly operations: readonly OperationFigures[]
}

/** Events of the scheduler. They are created only for a listener or a subscriber of their channel. */
export interface JobEvents {
  /** An action has started a job. */
  jobStarted: JobStart
  /** A job ended, with the figures of its stages. In `error`: why it failed. */
  jobCompleted: JobInfo
  /** The first task of a stage is sent to a thread. */
  stageStarted: Pick<StageInfo, 'id' | 'label' | 'kind' | 'tasks'> & StageOwner
  /** All tasks of a stage have ended, or the stage failed (`error`). */
  stageCompleted: StageInfo & StageOwner & { readonly error?: unknown }
  /** A task is sent to a thread, which runs it after the tasks that it received before. */
  taskStarted: TaskInfo
  /** An attempt of a task has ended. */
  taskEnded: TaskEnd
  /**
   * A task has measured its operations. Figures of the whole task are estimated from its first records. The scheduler
   * chooses tasks so that those of a program that measure take less than 2 % of the run time of all, or less than 0.1 % of
   * the time of a thread.
   */
  operationsSampled: OperationsSample
}
