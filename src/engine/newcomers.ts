import type { Plan, Program } from '../ops/plan.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { Attempt } from './task.js'

/** Tasks of a program after which its code is compiled: the first take ten to a hundred times as long as later ones. */
const PRACTICE = 4
/** Tasks after which a thread is like any other, whatever it still has not run. */
const APPRENTICESHIP = 200

/** How often a thread ran each program, and how many tasks in all. */
interface Experience {
  readonly of: Map<number, number>
  tasks: number
}

/**
 * Threads that took the place of dead ones. Their code is not compiled yet, so what they are given in the delayed batch
 * would be its last tasks to end: a thread that has nothing to do runs these as well, and the first result counts.
 */
export class Newcomers {
  readonly #experience = new Map<number, Experience>()

  joined(thread: number): void {
    this.#experience.set(thread, { of: new Map(), tasks: 0 })
  }

  left(thread: number): void {
    this.#experience.delete(thread)
  }

  ran(thread: number, program: number): void {
    const experience = this.#experience.get(thread)
    if (!experience) return
    experience.of.set(program, (experience.of.get(program) ?? 0) + 1)
    if (++experience.tasks >= APPRENTICESHIP) this.left(thread)
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

/** Whether it neither gives a partition to a function as a whole, which may write it somewhere, nor awaits calls. */
function isRepeatable({ plan, sink }: Program): boolean {
  return sink.op !== 'apply' && !awaits(plan)
}

function awaits(part: Plan | unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return (part as { op?: unknown }).op === 'mapAsync' || Object.values(part).some(awaits)
}
