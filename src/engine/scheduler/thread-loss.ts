import type { ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import type { Attempts } from './attempts.js'
import type { Commands } from './commands.js'
import type { Copies } from './copies/copies.js'
import type { SchedulerEvent } from './events.js'
import type { Attempt } from './task.js'
import { cancelled, isKill } from './task-errors.js'
import type { TaskReports } from './task-reports.js'
import type { ThreadTable } from './thread-table.js'

/** Retries the tasks of a dead thread. recovery/thread-changes.ts has already handled its blocks and state. */
export class ThreadLoss {
  readonly #out: Commands
  readonly #threads: ThreadTable
  readonly #attempts: Attempts
  readonly #copies: Copies
  readonly #reports: TaskReports
  /** Attempts of dead threads that have not exited. */
  readonly #zombies = new Map<ThreadId, readonly Attempt[]>()

  constructor(out: Commands, threads: ThreadTable, attempts: Attempts, copies: Copies, reports: TaskReports) {
    this.#out = out
    this.#threads = threads
    this.#attempts = attempts
    this.#copies = copies
    this.#reports = reports
  }

  lost({ thread: id, loss, running, unclaimed }: Extract<SchedulerEvent, { type: 'ThreadLost' }>, now: number): void {
    // First, so that no later step sends anything to it. Each of its messages reports the loss again.
    const thread = this.#threads.remove(id)
    if (!thread) return
    // Before any retry is planned: a dead thread needs no warm-up, so its inputs may be released.
    this.#copies.forgetThread(id)
    const all = thread.messages.flat()
    if (all.length > 0) this.#zombies.set(id, all)
    const sent = all.filter((attempt) => !attempt.isRecalled)
    // End all attempts before judging any task: two of them may belong to one task, which is retried once.
    for (const attempt of sent) {
      this.#reports.ended(attempt, id, 'lost', now, loss)
      attempt.task.live--
      // Its pins stay until it exits, but its readers must not wait for that.
      if (attempt.exchange) this.#out.push({ do: 'abandon', attempt })
    }
    for (const attempt of thread.queue) this.#attempts.end(attempt)
    // Answers of earlier tasks may not have arrived: the pool may report the death first.
    const begun = all.length - unclaimed
    const atFault = (running ? undefined : all[begun]) ?? all[begun - 1]
    for (const attempt of sent) this.#judge(attempt, attempt === atFault, loss)
    // Attempts that were not sent cost no budget. Their state is in no thread now, so any thread may rebuild it.
    for (const { task } of thread.queue) this.#attempts.retry(task)
    this.#out.push({ do: 'round', when: 'soon' })
  }

  /** Called when the thread can no longer access memory. */
  exited(thread: ThreadId): void {
    for (const attempt of this.#zombies.get(thread) ?? []) this.#out.push({ do: 'release', attempt })
    this.#zombies.delete(thread)
  }

  /** Only the running task can have ended its thread, unless the thread was terminated from outside. */
  #judge(attempt: Attempt, atFault: boolean, loss: ThreadLostError): void {
    const { task, warmUp } = attempt
    if (warmUp) {
      if (!isKill(loss)) this.#copies.warmUpFailed(attempt)
    } else if (loss.reason === 'closed') {
      const error = cancelled('The context was stopped while this task ran.', { thread: loss.details.thread })
      this.#attempts.settle(task, { error })
    } else if (!atFault || isKill(loss)) this.#attempts.again(task, loss)
    else this.#attempts.failed(task, loss)
  }
}
