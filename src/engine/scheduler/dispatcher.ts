import type { Attempts } from './attempts.js'
import type { Commands } from './commands.js'
import type { MemoryState } from './events.js'
import type { ProgramTable } from './program-table.js'
import type { Attempt } from './task.js'
import type { TaskQueues } from './task-queues.js'
import type { TaskReports } from './task-reports.js'
import type { SchedulerThread, ThreadTable } from './thread-table.js'

/** Messages that a thread holds beyond the one that it runs, so that it never waits for the driver. */
const MESSAGES_AHEAD = 1
/** Most quick tasks in a message: sending them is most of their cost. */
const MOST_IN_MESSAGE = 16

/** Assigns waiting attempts to threads. */
export class Dispatcher {
  readonly #out: Commands
  readonly #threads: ThreadTable
  readonly #queues: TaskQueues
  readonly #programs: ProgramTable
  readonly #attempts: Attempts
  readonly #reports: TaskReports

  constructor(
    out: Commands,
    threads: ThreadTable,
    queues: TaskQueues,
    programs: ProgramTable,
    attempts: Attempts,
    reports: TaskReports,
  ) {
    this.#out = out
    this.#threads = threads
    this.#queues = queues
    this.#programs = programs
    this.#attempts = attempts
    this.#reports = reports
  }

  /** Sends each thread with room its share of the waiting attempts. */
  round(memory: MemoryState, now: number): void {
    if (memory === 'wait') return
    if (memory) {
      this.#refuse(memory)
      return
    }
    const threads = this.#threads.inSlots
    for (let ahead = 0; ahead <= MESSAGES_AHEAD; ahead++) {
      const share = Math.min(MOST_IN_MESSAGE, Math.ceil(this.#queues.shared.length / threads.length))
      for (const thread of threads) {
        if (thread.messages.length > ahead || thread.isRecalled) continue
        // If there are not enough attempts for all threads, the last ones wait for the first free thread.
        const mayShare = ahead === 0 || this.#queues.shared.length >= threads.length
        const first = this.#take(thread, mayShare)
        if (first) this.send(thread, ahead === 0 ? this.#withMore(thread, first, share) : [first], now)
      }
    }
  }

  /** Sends pinned attempts in one message. */
  send(thread: SchedulerThread, attempts: readonly Attempt[], now: number): void {
    for (const attempt of attempts) {
      attempt.startedAt = now
      this.#reports.started(attempt, thread.id, now)
    }
    thread.messages.push(attempts)
    this.#out.push({ do: 'dispatch', thread: thread.id, attempts })
  }

  /** Takes the next attempt whose task has not settled. */
  #take(thread: SchedulerThread, mayShare: boolean): Attempt | undefined {
    while (this.#queues.peek(thread, mayShare)) {
      const attempt = this.#queues.take(thread)
      if (!attempt.task.settled) return attempt
      this.#attempts.end(attempt)
    }
    return undefined
  }

  /** Adds quick tasks to a quick one: those of the thread's own queue, and its share of the others. */
  #withMore(thread: SchedulerThread, first: Attempt, share: number): Attempt[] {
    const message = [first]
    if (!this.#programs.isQuick(first.program)) return message
    while (message.length < MOST_IN_MESSAGE) {
      const mayShare = message.length < share
      const next = this.#queues.peek(thread, mayShare)
      if (!next || !this.#programs.isQuick(next.program)) break
      const attempt = this.#take(thread, mayShare)
      if (!attempt) break
      message.push(attempt)
    }
    return message
  }

  /**
   * Fails one task that could start. The next round checks memory again, because releasing this task's blocks may
   * suffice.
   */
  #refuse(error: Error): void {
    for (const thread of this.#threads.inSlots) {
      if (thread.messages.length > MESSAGES_AHEAD || thread.isRecalled) continue
      const attempt = this.#take(thread, true)
      if (!attempt) continue
      this.#attempts.end(attempt)
      this.#attempts.settle(attempt.task, { error })
      this.#out.push({ do: 'round', when: 'soon' })
      return
    }
  }
}
