import { StateError } from '../../errors.js'
import type { Task } from './task.js'

/** A part of a task that awaits, and leaves its records in `task.settled`. */
export type RunAhead = (task: Task) => Promise<void>

/**
 * The parts of a program that await. They run one after the other before the program does, inner ones first, so that
 * the program itself, and every program without such parts, stays synchronous.
 */
export class Ahead {
  readonly #runs: RunAhead[] = []
  #closed = false

  /** Answers with the place of the records in `task.settled`. */
  add(records: (task: Task) => Promise<readonly unknown[]>): number {
    // What state replays is compiled while its task runs. It has no such step: its pairs come out of a shuffle.
    if (this.#closed) throw new StateError('A step that awaits was met in a program that runs already.')
    const place = this.#runs.length
    this.#runs.push(async (task) => {
      task.settled[place] = await records(task)
    })
    return place
  }

  /** What `compile` adds runs in the task that `placed` answers with. */
  within<R>(placed: (task: Task) => Task, compile: () => R): R {
    const first = this.#runs.length
    const made = compile()
    for (let i = first; i < this.#runs.length; i++) {
      const run = this.#runs[i]!
      this.#runs[i] = (task) => run(placed(task))
    }
    return made
  }

  /** The parts in order; none is added from here on. */
  close(): readonly RunAhead[] {
    this.#closed = true
    return this.#runs
  }
}
