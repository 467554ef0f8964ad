import type { MemoryLimitError, ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { FailedRecord, TaskResult } from '../../pool/protocol.js'
import type { MissingInputs, PlannedTask } from './planned-task.js'
import type { Taken } from './take-answer.js'
import type { Attempt, GroupedTask, Job, Task } from './task.js'

/** Whether tasks may use more memory. `undefined`: yes. `wait`: a `MemoryFreed` event follows. An error: no. */
export type MemoryState = undefined | 'wait' | MemoryLimitError

/** The decoded answer of a thread to one attempt. */
export type Answer =
  /** `taken` is absent if the task has settled. */
  | { readonly is: 'done'; readonly result: TaskResult & { ok: true }; readonly taken: Taken | undefined }
  | {
      readonly is: 'failed'
      readonly error: Error
      readonly label?: string
      readonly failedOn?: FailedRecord
      readonly missingState?: boolean
    }
  /** The thread did not run it: it was meant for another thread, was taken back, or a promised map output did not arrive. */
  | { readonly is: 'stale' }
  /** The results of its job exceed `maxResultBytes`. */
  | { readonly is: 'too large'; readonly error: MemoryLimitError; readonly written: readonly BlockHandle[] }
  /** The driver cannot decode the answer. */
  | { readonly is: 'unreadable'; readonly error: Error; readonly written: readonly BlockHandle[] }

/** The result of planning: a planned task, shuffles that must run first, or an error. */
export type PlanOutcome = PlannedTask | MissingInputs | { readonly error: unknown }

/** Everything to which the scheduler reacts. */
export type SchedulerEvent =
  | { readonly type: 'TaskSubmitted'; readonly task: Task }
  /** The answer to a `plan` command. */
  | { readonly type: 'TaskPlanned'; readonly task: Task; readonly plan: PlanOutcome; readonly copyFor?: ThreadId }
  /** Tasks of pipelined stages, already planned and placed: one message for each thread. */
  | { readonly type: 'GroupSubmitted'; readonly messages: ReadonlyMap<ThreadId, readonly GroupedTask[]> }
  | { readonly type: 'DispatchDue'; readonly memory: MemoryState }
  /** A thread answered a message. `mayKeepInputs`: memory allows keeping inputs for warm-up. */
  | {
      readonly type: 'TasksAnswered'
      readonly thread: ThreadId
      readonly attempts: readonly Attempt[]
      readonly answers: readonly Answer[]
      readonly mayKeepInputs: boolean
    }
  /**
   * The message with these attempts could not be written. `whole`: it was not sent at all, so the thread missed the
   * rest of it too.
   */
  | {
      readonly type: 'SendFailed'
      readonly thread: ThreadId
      readonly attempts: readonly Attempt[]
      readonly error: unknown
      readonly whole: boolean
    }
  /** A thread is ready for tasks: in a slot, or as the spare (slot -1). `cold`: it replaces a dead one. */
  | { readonly type: 'ThreadReady'; readonly thread: ThreadId; readonly slot: number; readonly cold: boolean }
  /** The spare took the slot of a dead thread. */
  | { readonly type: 'ThreadPromoted'; readonly thread: ThreadId; readonly slot: number }
  /**
   * A thread died. `running`: whether a task ran. `unclaimed`: the number of tasks that the thread had not begun, the last ones
   * sent to it.
   */
  | {
      readonly type: 'ThreadLost'
      readonly thread: ThreadId
      readonly loss: ThreadLostError
      readonly running: boolean
      readonly unclaimed: number
    }
  /** A lost thread has exited. Until then it may read and write memory (a zombie). */
  | { readonly type: 'ThreadExited'; readonly thread: ThreadId }
  /** No thread can be started. */
  | { readonly type: 'Stranded'; readonly loss: ThreadLostError }
  | { readonly type: 'MemoryFreed' }
  | { readonly type: 'MemoryShort' }
  /** The timer `look` fired. `progress`: the counter of each thread that runs a task. */
  | { readonly type: 'LookDue'; readonly progress: ReadonlyMap<ThreadId, number> }
  /** The timer `recall` fired. */
  | { readonly type: 'RecallDue' }
  /** The answer to a `recall` command. `count`: the thread will not run the last `count` attempts that it was sent. */
  | { readonly type: 'TasksRecalled'; readonly thread: ThreadId; readonly count: number }
  /** The timer `quiet` fired. */
  | { readonly type: 'QuietDue' }
  | { readonly type: 'JobEnded'; readonly job: Job; readonly succeeded: boolean }
  | { readonly type: 'Closed' }
