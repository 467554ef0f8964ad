import type { BlockCorruptError } from '../../errors.js'
import type { BlockId, FileId, ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { EngineEvents } from '../events/engine-events.js'
import type { MissingInputs, PlannedTask } from './planned-task.js'
import type { Attempt, Job, Task, TaskDone } from './task.js'

/** The outcome of a task: its result, shuffles that must run first, or an error. */
export type Outcome = { readonly done: TaskDone } | { readonly missing: MissingInputs } | { readonly error: unknown }

/** An event for listeners of the context. */
export type Emitted = {
  readonly [N in keyof EngineEvents]: { readonly name: N; readonly detail: EngineEvents[N] }
}[
  | 'taskRetried'
  | 'taskSpeculated'
  | 'resultDropped'
  | 'threadWarmedUp'
  | 'stageStarted'
  | 'taskStarted'
  | 'taskEnded'
  | 'operationsSampled']

/**
 * `look`: compares the progress of threads. `quiet`: starts warm-up runs if nothing else has started. `recall`: takes tasks
 * back for idle threads.
 */
export type TimerName = 'look' | 'quiet' | 'recall'

/**
 * Actions that the scheduler requests. The event loop executes all commands, in order, before it handles the next
 * event. Only the answers to `plan` and `recall` are handled at once.
 */
export type Command =
  /** Plan an attempt, and answer with `TaskPlanned`. `copyFor`: the idle thread that will run a second attempt. */
  | { readonly do: 'plan'; readonly task: Task; readonly copyFor?: ThreadId }
  /** Pin the blocks and files of an attempt. One `release` of the same attempt follows each pin. */
  | { readonly do: 'pin'; readonly attempt: Attempt }
  /** The attempt can no longer access memory. */
  | { readonly do: 'release'; readonly attempt: Attempt }
  /** Pipelined stages only: the attempt will not report its output, so its readers must stop waiting. */
  | { readonly do: 'abandon'; readonly attempt: Attempt }
  /** Send the attempts to a thread in one message. */
  | { readonly do: 'dispatch'; readonly thread: ThreadId; readonly attempts: readonly Attempt[] }
  /** Take back the attempts that a thread has not begun, and answer with `TasksRecalled`. It refuses all until `reopen`. */
  | { readonly do: 'recall'; readonly thread: ThreadId }
  | { readonly do: 'reopen'; readonly thread: ThreadId }
  /** Post `DispatchDue`: now, or at the end of the current turn, when all tasks of a stage are queued. */
  | { readonly do: 'round'; readonly when: 'now' | 'soon' }
  | { readonly do: 'timer'; readonly timer: TimerName; readonly ms: number }
  | { readonly do: 'settle'; readonly task: Task; readonly outcome: Outcome }
  /** Terminate a thread whose task makes no progress, or which missed a message. */
  | { readonly do: 'terminate'; readonly thread: ThreadId; readonly reason: 'timeout' | 'terminated' }
  /** Abort the signals of a job's calls in a thread, and end its tasks that await. */
  | { readonly do: 'cancel'; readonly thread: ThreadId; readonly job: Job }
  /** Free blocks that no task will read. `owned`: the thread that wrote them counts itself as their owner. */
  | {
      readonly do: 'discard'
      readonly thread: ThreadId
      readonly blocks: readonly BlockHandle[]
      readonly owned: boolean
    }
  /** A thread does not have the state that the plan expected. */
  | { readonly do: 'forgetState'; readonly planned: PlannedTask }
  /** A block's bytes are wrong: replace it by its copy, or recompute it from its lineage. */
  | { readonly do: 'dropBlock'; readonly block: BlockId }
  /** The same for the file of a persisted partition. */
  | { readonly do: 'dropFile'; readonly file: FileId; readonly error: BlockCorruptError }
  | { readonly do: 'emit'; readonly event: Emitted }

/** Collects the commands for one event. */
export class Commands {
  #list: Command[] = []

  push(command: Command): void {
    this.#list.push(command)
  }

  emit(event: Emitted): void {
    this.#list.push({ do: 'emit', event })
  }

  /** Returns the commands so far, and clears the list. */
  take(): readonly Command[] {
    const list = this.#list
    this.#list = []
    return list
  }
}
