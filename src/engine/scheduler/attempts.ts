import { ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import type { FailedRecord } from '../../pool/protocol.js'
import { isFinal } from '../../values/is-final.js'
import type { Commands, Outcome } from './commands.js'
import type { PlanOutcome } from './events.js'
import { MissingInputs } from './planned-task.js'
import type { ProgramTable } from './program-table.js'
import { type Attempt, newAttempt, type Task } from './task.js'
import { endedWithoutTask, placeOf, taskFailed } from './task-errors.js'
import type { TaskQueues } from './task-queues.js'

/**
 * The life of a task: planned, queued, ended, retried, settled. A task settles once; an attempt is pinned once and
 * released once. A task has no second attempt while one is live, unless an idle thread runs a copy.
 */
export class Attempts {
  readonly #out: Commands
  readonly #queues: TaskQueues
  readonly #programs: ProgramTable
  closed = false

  constructor(out: Commands, queues: TaskQueues, programs: ProgramTable) {
    this.#out = out
    this.#queues = queues
    this.#programs = programs
  }

  /** Starts an attempt, unless the job or the context has ended. */
  start(task: Task): void {
    if (this.#hasEnded(task)) this.settle(task, { error: endedWithoutTask(task.spec, this.closed) })
    else this.plan(task)
  }

  #hasEnded(task: Task): boolean {
    return this.closed || task.spec.job.ended
  }

  /** `copyFor`: the idle thread that will run a second attempt. */
  plan(task: Task, copyFor?: ThreadId): void {
    task.live++
    this.#out.push({ do: 'plan', task, copyFor })
  }

  /** Queues a planned attempt. A copy that cannot be planned is dropped. */
  planned(task: Task, plan: PlanOutcome, copyFor: ThreadId | undefined): void {
    task.live--
    if (task.settled) return
    // The job or the context may have ended while the attempt was planned.
    if (this.#hasEnded(task)) {
      this.retry(task)
      return
    }
    if (plan instanceof MissingInputs || 'error' in plan) {
      if (copyFor !== undefined) this.retry(task)
      else this.settle(task, plan instanceof MissingInputs ? { missing: plan } : plan)
      return
    }
    const attempt = this.#begin(task, plan)
    if (!attempt) return
    if (copyFor !== undefined) {
      const { job, partition, label } = task.spec
      this.#out.emit({ name: 'taskSpeculated', detail: { job: job.id, partition, label } })
    }
    this.#queues.add(attempt, plan.pinned ?? copyFor)
    this.#out.push({ do: 'round', when: 'soon' })
  }

  #begin(task: Task, planned: Exclude<PlanOutcome, MissingInputs | { error: unknown }>): Attempt | undefined {
    let program: number
    try {
      program = this.#programs.use(planned.program)
    } catch (error) {
      this.settle(task, { error })
      return undefined
    }
    return this.pin(newAttempt({ task, planned, program, broadcasts: this.#programs.broadcasts(program) }))
  }

  pin(attempt: Attempt): Attempt {
    attempt.task.live++
    this.#out.push({ do: 'pin', attempt })
    return attempt
  }

  /** Ends an attempt whose memory no thread can access any more. */
  end(attempt: Attempt): void {
    attempt.task.live--
    this.#out.push({ do: 'release', attempt })
  }

  settle(task: Task, outcome: Outcome): void {
    if (task.settled) return
    task.settled = true
    this.#out.push({ do: 'settle', task, outcome })
  }

  /** Retries after an attempt that ended through no fault of the task, unless that has happened too often. */
  again(task: Task, cause: Error | undefined): void {
    if (task.settled) return
    const { job, label } = task.spec
    if (!job.budget.setBack(task.spec)) {
      this.retry(task)
      return
    }
    const last = cause ? `, lastly with: ${cause.message}` : ''
    const message = `${label} was interrupted too often in ${placeOf(task.spec)}: ${task.spec.attempts} attempts ended before their tasks did${last}`
    this.settle(task, { error: taskFailed(task.spec, message, cause) })
  }

  /** Retries after an attempt that failed through the task's own fault, up to `maxFailures` times, unless its error is final. */
  failed(task: Task, cause: Error, operation?: string, on?: FailedRecord): void {
    if (task.settled) return
    const { job, partition, attempts } = task.spec
    const label = operation ?? task.spec.label
    const { times, over } = job.budget.failed(task.spec, cause instanceof ThreadLostError)
    const final = isFinal(cause)
    if (over || final) {
      const how = final ? 'and a repetition cannot succeed' : `${times} times, lastly with`
      const message = `${label} failed in ${placeOf(task.spec)}, ${how}: ${cause.message}`
      this.settle(task, { error: taskFailed(task.spec, message, cause, label, on) })
      return
    }
    const detail = { job: job.id, partition, attempt: attempts, label, error: cause }
    this.#out.emit({ name: 'taskRetried', detail })
    this.retry(task)
  }

  /** Starts another attempt, unless one is live. */
  retry(task: Task): void {
    if (!task.settled && task.live === 0) this.start(task)
  }
}
