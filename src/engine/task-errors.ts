import { JobCancelledError, TaskFailedError, type ThreadLossReason, ThreadLostError } from '../errors.js'
import type { FailedRecord } from '../pool/protocol.js'
import type { TaskSpec } from './task.js'
import { showUserFrames } from './user-stack.js'

/** Ends of a thread that its task had no part in. */
const KILLS: readonly ThreadLossReason[] = ['terminated', 'boot', 'closed']

/** Whether the thread ended through no fault of its task. */
export function isKill(error: unknown): boolean {
  return error instanceof ThreadLostError && KILLS.includes(error.reason)
}

/** Where a task runs, for messages. */
export function placeOf({ partition, job }: TaskSpec): string {
  return `partition ${partition} of ${job.batchTime === undefined ? `job ${job.id}` : `batch ${job.batchTime} ms`}`
}

/** `operation`: the one that failed, where it is not the whole task. */
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

/** The thread has answered, and the driver cannot take the answer. */
export function unreadable(cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(`the answer of its thread could not be read: ${why}`, { cause })
}

export function cancelled(message: string, details?: Record<string, unknown>): JobCancelledError {
  return new JobCancelledError(message, details)
}

/** Ends a task whose job, or whose context if it is `closed`, has ended without it. */
export function givenUp({ job }: TaskSpec, closed: boolean): JobCancelledError {
  return cancelled(closed ? 'The context was stopped before this task ended.' : `Job ${job.id} was given up.`)
}
