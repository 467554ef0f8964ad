import type { ThreadId } from '../../ids.js'
import type { Attempt } from './task.js'
import type { SchedulerThread, ThreadTable } from './thread-table.js'

/** Attempts that wait for a thread: one queue for all threads, and one per thread for tasks that only it may run. */
export class TaskQueues {
  readonly #threads: ThreadTable
  #shared: Attempt[] = []

  constructor(threads: ThreadTable) {
    this.#threads = threads
  }

  get shared(): readonly Attempt[] {
    return this.#shared
  }

  get areEmpty(): boolean {
    return this.#shared.length === 0 && this.#threads.inSlots.every(({ queue }) => queue.length === 0)
  }

  /**
   * Queues an attempt for `thread`. If that thread is dead or unknown, any thread may run it, and will report missing
   * state.
   */
  add(attempt: Attempt, thread: ThreadId | undefined): void {
    const own = thread === undefined ? undefined : this.#threads.get(thread)
    if (own) own.queue.push(attempt)
    else this.#shared.push(attempt)
  }

  /** Returns the next attempt of the thread's own queue or, if allowed, of the shared one. */
  peek(thread: SchedulerThread, mayShare: boolean): Attempt | undefined {
    return thread.queue[0] ?? (mayShare ? this.#shared[0] : undefined)
  }

  take(thread: SchedulerThread): Attempt {
    return (thread.queue.shift() ?? this.#shared.shift())!
  }

  /** Removes and returns all attempts, or those that pass. */
  drain(passes: (attempt: Attempt) => boolean = () => true): Attempt[] {
    if (this.areEmpty) return []
    const taken: Attempt[] = []
    const keep = (attempt: Attempt) => {
      const isTaken = passes(attempt)
      if (isTaken) taken.push(attempt)
      return !isTaken
    }
    this.#shared = this.#shared.filter(keep)
    for (const { queue } of this.#threads.all) {
      const rest = queue.filter(keep)
      queue.splice(0, queue.length, ...rest)
    }
    return taken
  }
}
