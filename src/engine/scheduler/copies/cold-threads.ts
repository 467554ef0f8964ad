import type { ThreadId } from '../../../ids.js'
import type { Task } from '../task.js'
import type { SchedulerThread, ThreadTable } from '../thread-table.js'
import type { CopyPolicy } from './repeatable.js'
import { isAlone } from './stragglers.js'

/**
 * Number of tasks of a program after which its code is compiled. The first tasks take ten to a hundred times as long as
 * later ones.
 */
const COMPILED_AFTER = 4
/** Number of tasks of a program after which more of them bring little gain. */
const WARM_AFTER = 8
/** Number of tasks, of all programs, after which a thread counts as warm, whatever it has not run yet. */
const MOST_COLD_TASKS = 200

/** How often a cold thread has run each program, and how many tasks in total. */
interface Experience {
  readonly of: Map<number, number>
  tasks: number
}

/**
 * Threads that replace dead ones, and the spare. V8 has not compiled their code yet, so their tasks would be the last
 * of a batch that a death has already delayed. An idle thread runs these tasks as well, and the first result counts.
 */
export class ColdThreads {
  readonly #threads: ThreadTable
  readonly #policy: Pick<CopyPolicy, 'allows'> | undefined
  readonly #experience = new Map<ThreadId, Experience>()

  /** `policy`: the programs whose copies may run; `undefined`: none. */
  constructor(threads: ThreadTable, policy: Pick<CopyPolicy, 'allows'> | undefined) {
    this.#threads = threads
    this.#policy = policy
  }

  add(thread: ThreadId): void {
    if (!this.#experience.has(thread)) this.#experience.set(thread, { of: new Map(), tasks: 0 })
  }

  forgetThread(thread: ThreadId): void {
    this.#experience.delete(thread)
  }

  ran(thread: ThreadId, program: number): void {
    const experience = this.#experience.get(thread)
    if (!experience) return
    this.warmedUp(thread, program)
    if (++experience.tasks >= MOST_COLD_TASKS) this.forgetThread(thread)
  }

  /** Counts a warm-up copy. However many there are, the thread stays cold for other programs. */
  warmedUp(thread: ThreadId, program: number): void {
    const experience = this.#experience.get(thread)
    experience?.of.set(program, (experience.of.get(program) ?? 0) + 1)
  }

  /**
   * Whether the thread (or, without `thread`, any thread) should run the program more often before it counts as warm.
   */
  lacks(program: number, thread?: ThreadId): boolean {
    if (thread !== undefined) {
      const experience = this.#experience.get(thread)
      return experience !== undefined && (experience.of.get(program) ?? 0) < WARM_AFTER
    }
    for (const { of } of this.#experience.values()) if ((of.get(program) ?? 0) < WARM_AFTER) return true
    return false
  }

  /** Whether a thread in a slot should run the program more often before it counts as warm. */
  lacksInSlots(program: number): boolean {
    return this.#threads.inSlots.some(({ id }) => this.lacks(program, id))
  }

  /**
   * Returns a task at which a cold thread is slow and `helper` is not. Tasks with state or possible side effects run
   * only once.
   */
  next(helper: SchedulerThread): Task | undefined {
    if (this.#experience.size === 0) return undefined
    for (const { id, messages } of this.#threads.inSlots) {
      if (!this.#experience.has(id)) continue
      for (const attempts of messages) {
        for (const attempt of attempts) {
          const { task, planned, program } = attempt
          if (!isAlone(attempt) || !this.#isSlow(id, program) || this.#isSlow(helper.id, program)) continue
          if (this.#policy?.allows(program, planned.program)) return task
        }
      }
    }
    return undefined
  }

  #isSlow(thread: ThreadId, program: number): boolean {
    const experience = this.#experience.get(thread)
    return experience !== undefined && (experience.of.get(program) ?? 0) < COMPILED_AFTER
  }
}
