import type { PoolThread } from '../pool/pool-thread.js'
import type { ThreadPool } from '../pool/thread-pool.js'
import type { Exchanges } from './exchange.js'
import { placeGroup } from './group-places.js'
import type { Newcomers } from './newcomers.js'
import type { MissingOutputs, PlannedTask } from './planner.js'
import type { ProgramTable } from './program-table.js'
import type { Rehearsals } from './rehearsals.js'
import { type Attempt, type NewTask, newTask, type Pending, type TaskDone } from './task.js'
import type { TaskMessagesOptions } from './task-messages.js'

export interface TaskGroupsOptions {
  readonly pool: ThreadPool
  readonly programs: ProgramTable
  readonly exchanges: Exchanges
  readonly lend: TaskMessagesOptions['lend']
  readonly newcomers: Newcomers
  readonly rehearsals: () => Rehearsals | undefined
  readonly attempt: (task: Pending, planned: PlannedTask, program: number) => Attempt
  readonly send: (thread: PoolThread, attempts: readonly Attempt[]) => void
}

/** Starts tasks that write together with tasks that read what those write. */
export class TaskGroups {
  readonly #options: TaskGroupsOptions

  constructor(options: TaskGroupsOptions) {
    this.#options = options
  }

  /**
   * Sends all of them at once: outputs go from thread to thread, and the driver is told once. Undefined where they had
   * better run stage after stage. Only first attempts are so; others are planned as any.
   */
  run(writers: readonly NewTask[], readers: readonly NewTask[]): Promise<TaskDone | MissingOutputs>[] | undefined {
    const { pool, programs, exchanges, lend, attempt, send } = this.#options
    const member = ({ spec, planned }: NewTask, place?: number) => {
      const program = programs.number(planned.program)
      return { spec, planned, place, program, ms: programs.runMs(program) }
    }
    const first = writers.map((task, place) => member(task, place))
    const then = readers.map((task) => member(task))
    const all = [...first, ...then]
    const places = placeGroup(first, then, pool.ready())
    if (!places || all.some(({ program, planned }) => this.#wantsPractice(program, planned))) return undefined
    const threads = [...places.keys()].map(({ id }) => id)
    const exchange = exchanges.begin(all.length, threads, lend)
    const attempts = new Map<(typeof all)[number], Attempt>()
    const results = all.map((task) => {
      const { spec, planned, program, place } = task
      return new Promise<TaskDone | MissingOutputs>((resolve, reject) => {
        attempts.set(task, { ...attempt(newTask(spec, resolve, reject), planned, program), exchange, place })
      })
    })
    for (const [thread, tasks] of places) {
      const sent = tasks.map((task) => attempts.get(task)!)
      send(thread, sent)
    }
    return results
  }

  /** Tasks that are new to a thread take long, and others of the group would wait for them. */
  #wantsPractice(program: number, planned: PlannedTask): boolean {
    const { pool, newcomers, rehearsals } = this.#options
    if (pool.ready().some(({ id }) => newcomers.lacks(program, id))) return true
    return rehearsals()?.wantsInput(program, planned) === true
  }
}
