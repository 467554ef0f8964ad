import { StateError } from '../../../errors.js'
import type { Task } from '../runtime/task.js'

/** Runs one async step of a task, and stores its records in `task.asyncResults`. */
export type AsyncStepRun = (task: Task) => Promise<void>

/**
 * The async steps of a program. They run one after the other before the program does, inner ones first, so the program
 * itself, and every program without such steps, stays synchronous.
 */
export class AsyncSteps {
  readonly #runs: AsyncStepRun[] = []
  #closed = false

  /** Adds a step. Returns the index of its records in `task.asyncResults`. */
  add(records: (task: Task) => Promise<readonly unknown[]>): number {
    // State compiles its replays while its task runs. They have no async step, because their pairs come from a shuffle.
    if (this.#closed) throw new StateError('An async step was added to a program that runs already.')
    const place = this.#runs.length
    this.#runs.push(async (task) => {
      task.asyncResults[place] = await records(task)
    })
    return place
  }

  /** Runs the steps that `compile` adds within the task that `placed` returns. */
  within<R>(placed: (task: Task) => Task, compile: () => R): R {
    const first = this.#runs.length
    const made = compile()
    for (let i = first; i < this.#runs.length; i++) {
      const run = this.#runs[i]!
      this.#runs[i] = (task) => run(placed(task))
    }
    return made
  }

  /** Returns the steps in order. None can be added from here on. */
  close(): readonly AsyncStepRun[] {
    this.#closed = true
    return this.#runs
  }
}
