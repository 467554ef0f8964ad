import type { ThreadId } from '../../ids.js'
import type { Attempts } from './attempts.js'
import type { Commands } from './commands.js'
import type { TaskQueues } from './task-queues.js'
import type { TaskReports } from './task-reports.js'
import type { SchedulerThread, ThreadTable } from './thread-table.js'

/** Ms for which a task must have run before others that wait behind it are taken back. Quick tasks end before that. */
export const RECALL_MS = 5

/**
 * Takes tasks back that wait in a thread behind a long one while another thread is idle. Without it they would wait for its
 * end, and for ever if it waits for them.
 */
export class Recall {
  readonly #out: Commands
  readonly #threads: ThreadTable
  readonly #queues: TaskQueues
  readonly #attempts: Attempts
  readonly #reports: TaskReports

  constructor(out: Commands, threads: ThreadTable, queues: TaskQueues, attempts: Attempts, reports: TaskReports) {
    this.#out = out
    this.#threads = threads
    this.#queues = queues
    this.#attempts = attempts
    this.#reports = reports
  }

  /** Whether a thread is idle while tasks that it could run wait in another. */
  get isWanted(): boolean {
    const { inSlots } = this.#threads
    return this.#queues.shared.length === 0 && inSlots.some(isIdle) && inSlots.some(mayRecall)
  }

  /**
   * Takes the tasks back from one thread: of those whose task has run long enough, from the first. Returns whether there
   * was one. If the thread turns out to have begun them all, nothing more waits in it until it gets another message.
   */
  due(now: number): boolean {
    if (!this.isWanted) return false
    const [thread] = this.#threads.inSlots
      .filter((each) => mayRecall(each) && now - startOf(each) >= RECALL_MS)
      .sort((a, b) => startOf(a) - startOf(b))
    if (thread) this.#out.push({ do: 'recall', thread: thread.id })
    return thread !== undefined
  }

  /** The thread will not run the last `count` attempts. */
  recalled(id: ThreadId, count: number, now: number): void {
    const thread = this.#threads.get(id)
    if (!thread) return
    thread.isRecalled = true
    const sent = thread.messages.flat()
    const taken = sent.slice(Math.max(0, sent.length - count))
    // Before any retry: two of them may belong to one task, which is retried once.
    for (const attempt of taken) {
      attempt.isRecalled = true
      attempt.task.live--
      this.#reports.ended(attempt, id, 'stale', now)
    }
    for (const { task } of taken) this.#attempts.retry(task)
    if (taken.length === 0) this.reopen()
  }

  /** Threads that have answered for all recalled attempts accept tasks again. */
  reopen(): void {
    for (const thread of this.#threads.all) {
      if (!thread.isRecalled || thread.messages.some((message) => message.some(({ isRecalled }) => isRecalled)))
        continue
      thread.isRecalled = false
      this.#out.push({ do: 'reopen', thread: thread.id })
    }
  }
}

const isIdle = ({ messages, queue }: SchedulerThread) => messages.length === 0 && queue.length === 0

/** The thread holds a task that it has not begun, and which another may run. Pipelined stages stay together. */
function mayRecall({ messages, isRecalled }: SchedulerThread): boolean {
  if (isRecalled) return false
  const waiting = messages.flat().slice(1)
  return (
    waiting.some(({ task, planned }) => !task.settled && planned.pinned === undefined) &&
    !waiting.some(({ exchange, warmUp }) => exchange || warmUp)
  )
}

const startOf = ({ messages }: SchedulerThread) => messages[0]?.[0]?.startedAt ?? Infinity
