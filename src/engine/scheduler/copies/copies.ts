import type { ThreadId } from '../../../ids.js'
import type { Speculation } from '../../options.js'
import type { Commands } from '../commands.js'
import type { PlannedTask } from '../planned-task.js'
import type { Attempt, Task } from '../task.js'
import type { SchedulerThread, ThreadTable } from '../thread-table.js'
import { ColdThreads } from './cold-threads.js'
import type { CopyPolicy } from './repeatable.js'
import { Stragglers } from './stragglers.js'
import { WarmUp } from './warm-up.js'

export interface CopyOptions {
  /** `undefined`: slow tasks get no second attempt. */
  readonly speculation: Speculation | undefined
  /** The programs whose copies may run although no batch asked for them; `undefined`: none. */
  readonly policy: Pick<CopyPolicy, 'allows'> | undefined
  /** Whether threads run copies of finished tasks while the scheduler is idle. */
  readonly warmUp: boolean
}

/** Work for an idle thread: a second attempt of a running task, or a warm-up run of a finished one. */
export type Copy =
  | { readonly of: 'running'; readonly task: Task }
  | { readonly of: 'finished'; readonly attempt: Attempt }

/**
 * Decides what an idle thread runs. While tasks run: the tasks of cold threads and stragglers; the first result counts.
 * While the scheduler is idle: warm-up copies for cold threads.
 */
export class Copies {
  readonly #cold: ColdThreads
  readonly #stragglers: Stragglers
  readonly #warmUp: WarmUp | undefined

  constructor(out: Commands, threads: ThreadTable, { speculation, policy, warmUp }: CopyOptions) {
    this.#cold = new ColdThreads(threads, policy)
    this.#stragglers = new Stragglers(threads, speculation)
    if (warmUp && policy) this.#warmUp = new WarmUp(out, threads, this.#cold, policy)
  }

  /** Returns work for an idle thread. `quiet`: nothing has run for a few ms. */
  next(thread: SchedulerThread, quiet: boolean): Copy | undefined {
    if (quiet) {
      const attempt = this.#warmUp?.next(thread.id)
      return attempt && { of: 'finished', attempt }
    }
    const task = this.#stragglers.next() ?? this.#cold.next(thread)
    return task && { of: 'running', task }
  }

  /** Whether to call `next` again when the scheduler is idle. */
  get awaitsQuiet(): boolean {
    return this.#warmUp?.isPending === true
  }

  /** Whether tasks should run one by one, because a thread is cold for the program, or warm-up needs their inputs. */
  prefersAlone(program: number, planned: PlannedTask, now: number): boolean {
    return this.#cold.lacksInSlots(program) || this.#warmUp?.wantsInput(program, planned, now) === true
  }

  addColdThread(thread: ThreadId): void {
    this.#cold.add(thread)
  }

  forgetThread(thread: ThreadId): void {
    this.#cold.forgetThread(thread)
    this.#warmUp?.forgetThread(thread)
  }

  look(now: number): void {
    this.#stragglers.look(now)
  }

  /** Called when a thread has finished an attempt, before its release. `wanted`: its result counts. */
  finished(thread: ThreadId, attempt: Attempt, runMs: number, wanted: boolean, mayKeepInputs: boolean): void {
    this.#cold.ran(thread, attempt.program)
    if (wanted) this.#warmUp?.saw(attempt, runMs, mayKeepInputs)
  }

  warmedUp(thread: ThreadId, { program }: Attempt, runMs: number): void {
    this.#warmUp?.ran(thread, program, runMs)
  }

  warmUpFailed({ program }: Attempt): void {
    this.#warmUp?.failed(program)
  }

  finishWarmUp(): void {
    this.#warmUp?.finish()
  }

  /** Releases the inputs that are pinned for warm-up. */
  clear(): void {
    this.#warmUp?.clear()
  }
}
