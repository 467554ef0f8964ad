import type { ThreadId } from '../../ids.js'
import type { EngineEvents } from '../events/engine-events.js'
import type { OnDemandName } from '../events/event-names.js'
import type { TaskEnd, TaskInfo, TaskStatus } from '../events/job-events.js'
import type { StageInfo } from '../progress/job-info.js'
import type { Commands } from './commands.js'
import type { Answer } from './events.js'
import type { Attempt, TaskSpec } from './task.js'

/** Knows which events have listeners. */
export interface Observer {
  observes(name: OnDemandName): boolean
}

/** Emits the events of tasks for listeners, if there are any. Warm-up copies are not reported. */
export class TaskReports {
  readonly #out: Commands
  readonly #observer: Observer | undefined

  constructor(out: Commands, observer: Observer | undefined) {
    this.#out = out
    this.#observer = observer
  }

  /** Called when an attempt is sent to a thread. */
  started(attempt: Attempt, thread: ThreadId, now: number): void {
    if (attempt.warmUp) return
    const { spec } = attempt.task
    if (spec.stage.startedAt === undefined) {
      spec.stage.startedAt = now
      if (this.#observer?.observes('stageStarted')) this.#out.emit({ name: 'stageStarted', detail: stageStart(spec) })
    }
    if (this.#observer?.observes('taskStarted'))
      this.#out.emit({ name: 'taskStarted', detail: taskInfo(attempt, thread) })
  }

  /** Called with the answer of a thread, before its outcome changes the task. */
  answered(attempt: Attempt, thread: ThreadId, answer: Answer, now: number): void {
    if (attempt.warmUp) return
    this.#sampled(attempt, thread, answer)
    if (!this.#observer?.observes('taskEnded')) return
    const { settled, spec } = attempt.task
    if (answer.is === 'done') {
      const { metrics, written } = answer.result
      let records = 0
      for (const read of metrics.read) records += read
      let shuffleBytes = 0
      for (const { as, block } of written) if (as === 'shuffle') shuffleBytes += block.length
      const status = settled || !answer.taken ? 'dropped' : 'succeeded'
      this.#end(attempt, thread, { status, ms: metrics.runMs, records, shuffleBytes })
    } else if (answer.is === 'stale') this.ended(attempt, thread, 'stale', now)
    else this.ended(attempt, thread, settled || spec.job.ended ? 'dropped' : 'failed', now, answer.error)
  }

  /** Called when an attempt has ended without a result. */
  ended(attempt: Attempt, thread: ThreadId, status: TaskStatus, now: number, error?: Error): void {
    if (attempt.warmUp || !this.#observer?.observes('taskEnded')) return
    const ms = Math.max(0, now - attempt.startedAt)
    this.#end(attempt, thread, { status, ms, records: 0, shuffleBytes: 0, ...(error && { error }) })
  }

  /** Reports the operations inside of a task that measured them. */
  #sampled(attempt: Attempt, thread: ThreadId, answer: Answer): void {
    if (answer.is !== 'done') return
    const { operations } = answer.result.metrics
    if (!operations || operations.length === 0 || !this.#observer?.observes('operationsSampled')) return
    const { tasks } = attempt.task.spec.stage
    this.#out.emit({ name: 'operationsSampled', detail: { ...taskInfo(attempt, thread), tasks, operations } })
  }

  #end(attempt: Attempt, thread: ThreadId, end: Omit<TaskEnd, keyof TaskInfo>): void {
    this.#out.emit({ name: 'taskEnded', detail: { ...taskInfo(attempt, thread), ...end } })
  }
}

function stageStart({ stage, job, label }: TaskSpec): EngineEvents['stageStarted'] {
  const { id, identity, tasks } = stage
  return { id, label, kind: kindOf(identity), tasks, job: job.id, batchTime: job.batchTime }
}

/** Returns the kind of a stage by its identity, such as `map 3`. */
export function kindOf(identity: string): StageInfo['kind'] {
  return identity.split(' ')[0] as StageInfo['kind']
}

function taskInfo({ task, number }: Attempt, thread: ThreadId): TaskInfo {
  const { job, stage, label, partition } = task.spec
  return { job: job.id, batchTime: job.batchTime, stage: stage.id, label, partition, attempt: number, thread }
}
