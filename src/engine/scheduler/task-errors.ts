import {
  JobCancelledError,
  MemoryLimitError,
  TaskFailedError,
  type ThreadLossReason,
  ThreadLostError,
} from '../../errors.js'
import type { FailedRecord } from '../../pool/protocol.js'
import { showUserFrames } from '../user-code/user-stack.js'
import type { TaskSpec } from './task.js'

/** Reasons for the loss of a thread that tasks do not cause. */
const KILLS: readonly ThreadLossReason[] = ['terminated', 'boot', 'closed']

/** Returns whether something other than its task ended the thread. */
export function isKill(error: unknown): boolean {
  return error instanceof ThreadLostError && KILLS.includes(error.reason)
}

/** Returns the partition and batch of a task, for messages. */
export function placeOf({ partition, job }: TaskSpec): string {
  return `partition ${partition} of ${job.batchTime === undefined ? `job ${job.id}` : `batch ${job.batchTime} ms`}`
}

/** Returns the error of a failed task. `operation`: the operation that failed, if known. */
export function taskFailed(
  spec: TaskSpec,
  text: string,
  cause?: Error,
  operation = spec.label,
  on?: FailedRecord,
): TaskFailedError {
  const { job, partition, attempts } = spec
  const record = on && { record: on.record, ...(on.files.length > 0 && { files: on.files }) }
  const details = { batchTime: job.batchTime, operation, partition, job: job.id, attempts, ...record }
  const message = on ? `${text} (${describe(on)})` : text
  return showUserFrames(new TaskFailedError(message, { cause, details }), cause)
}

function describe({ record, files, moreFiles }: FailedRecord): string {
  if (files.length === 0) return `record: ${record}`
  return `record: ${record}, from ${files.join(' or ')}${moreFiles ? ' or others' : ''}`
}

/** Returns the error of a task whose answer the driver cannot decode. */
export function unreadable(cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(`the answer of its thread could not be read: ${why}`, { cause })
}

/** Returns the error of a job whose results do not fit into the driver. */
export function resultsTooLarge({ job, label }: TaskSpec, maxResultBytes: number): MemoryLimitError {
  return new MemoryLimitError(
    `The results of ${label} take more than ${maxResultBytes} bytes in the driver, the limit maxResultBytes. Reduce them in the workers, save them to files, read them with toLocalIterator() or take(n), or raise maxResultBytes.`,
    { operation: label, job: job.id, batchTime: job.batchTime, maxResultBytes },
  )
}

export function cancelled(message: string, details?: Record<string, unknown>): JobCancelledError {
  return new JobCancelledError(message, details)
}

/** Returns the error of a task whose job, or context if `closed`, has ended without it. */
export function endedWithoutTask({ job }: TaskSpec, closed: boolean): JobCancelledError {
  return cancelled(closed ? 'The context was stopped before this task ended.' : `Job ${job.id} has ended.`)
}
