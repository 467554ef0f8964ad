import type { PoolThread } from '../pool/pool-thread.js'
import { isRepeatable } from './repeatable.js'
import type { Attempt } from './task.js'

/** Tasks of a program after which its code is compiled: the first take ten to a hundred times as long as later ones. */
const PRACTICE = 4
/** Tasks of a program after which practice gains little more. */
const ENOUGH_PRACTICE = 8
/** Tasks after which a thread is like any other, whatever it still has not run. */
const APPRENTICESHIP = 200

/** How often a thread ran each program, and how many tasks in all. */
interface Experience {
  readonly of: Map<number, number>
  tasks: number
}

/**
 * Threads that take the place of dead ones: the one in reserve too. Their code is not compiled yet. Where they had no time
 * to practise, what they are given in the delayed batch would be its last tasks to end: a thread that has nothing to do
 * runs these as well, and the first result counts.
 */
export class Newcomers {
  readonly #experience = new Map<number, Experience>()

  joined(thread: number): void {
    if (!this.#experience.has(thread)) this.#experience.set(thread, { of: new Map(), tasks: 0 })
  }

  left(thread: number): void {
    this.#experience.delete(thread)
  }

  ran(thread: number, program: number): void {
    const experience = this.#experience.get(thread)
    if (!experience) return
    this.practised(thread, program)
    if (++experience.tasks >= APPRENTICESHIP) this.left(thread)
  }

  /** A copy ran. However many do, they make nobody familiar with programs that they are not of. */
  practised(thread: number, program: number): void {
    const experience = this.#experience.get(thread)
    experience?.of.set(program, (experience.of.get(program) ?? 0) + 1)
  }

  /** Whether a thread, or any, needs more practice of the program. */
  lacks(program: number, thread?: number): boolean {
    if (thread !== undefined) {
      const experience = this.#experience.get(thread)
      return experience !== undefined && (experience.of.get(program) ?? 0) < ENOUGH_PRACTICE
    }
    for (const { of } of this.#experience.values()) if ((of.get(program) ?? 0) < ENOUGH_PRACTICE) return true
    return false
  }

  /** Attempts that newcomers are slow at and `helper` is not. Tasks with state, or effects outside, have one place. */
  slow(running: ReadonlyMap<PoolThread, readonly Attempt[]>, helper: PoolThread): Attempt[] {
    if (this.#experience.size === 0) return []
    const slow: Attempt[] = []
    for (const [thread, attempts] of running) {
      for (const attempt of attempts) {
        const { task, planned, program } = attempt
        if (task.done || task.live > 1 || planned.states.length > 0) continue
        if (this.#isNewTo(thread, program) && !this.#isNewTo(helper, program) && isRepeatable(planned.program))
          slow.push(attempt)
      }
    }
    return slow
  }

  #isNewTo(thread: PoolThread, program: number): boolean {
    const experience = this.#experience.get(thread.id)
    return experience !== undefined && (experience.of.get(program) ?? 0) < PRACTICE
  }
}
