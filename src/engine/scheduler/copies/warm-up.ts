import type { BatchTime, ThreadId } from '../../../ids.js'
import type { Program } from '../../../ops/plan.js'
import type { Commands } from '../commands.js'
import type { PlannedTask } from '../planned-task.js'
import type { Attempt } from '../task.js'
import type { ThreadTable } from '../thread-table.js'
import type { ColdThreads } from './cold-threads.js'
import type { CopyPolicy } from './repeatable.js'

/** Longer tasks are compiled before they end, and a copy would keep a core from the next batch. */
const LONGEST_MS = 200
/** Least time between two requests for a program's inputs, in ms. */
const ASK_MS = 1000
/** Bytes of inputs that may be pinned for copies. */
const MOST_BYTES = 16 * 1024 * 1024
/** The number of programs that are remembered. */
const MOST_PROGRAMS = 1024

/**
 * Copies of finished tasks for threads whose code is not compiled: the spare, and a thread that took a slot before it
 * was warm. They run while the scheduler is idle, and their results are dropped. For each program, the inputs of the
 * newest task stay pinned until every thread is warm.
 */
export class WarmUp {
  readonly #out: Commands
  readonly #threads: ThreadTable
  readonly #cold: ColdThreads
  readonly #policy: Pick<CopyPolicy, 'allows'>
  /** The pinned attempts, by program. */
  readonly #kept = new Map<number, Attempt>()
  /** The batch in which a program was first seen. A program that does not occur again needs no warm-up. */
  readonly #firstSeen = new Map<number, number>()
  /** By program: whether its copies may run. False after a copy has failed or ended its thread. */
  readonly #suitable = new Map<number, boolean>()
  /** When the inputs of a program were last requested, in ms. */
  readonly #askedAt = new Map<number, number>()
  /** The number of copies and their total ms, by threads that are not warm yet. */
  readonly #progress = new Map<ThreadId, { tasks: number; ms: number }>()
  #bytes = 0

  constructor(out: Commands, threads: ThreadTable, cold: ColdThreads, policy: Pick<CopyPolicy, 'allows'>) {
    this.#out = out
    this.#threads = threads
    this.#cold = cold
    this.#policy = policy
  }

  /** Whether something remains to be run or reported. */
  get isPending(): boolean {
    return this.#kept.size + this.#progress.size > 0
  }

  /** Pins the inputs of a finished task if copies of it are wanted. Call it before the attempt is released. */
  saw(attempt: Attempt, runMs: number, mayKeepInputs: boolean): void {
    const { program, planned, task } = attempt
    // A reader in pipelined stages has inputs that its plan does not contain.
    if (planned.promised.length > 0) return
    const { batchTime } = task.spec.job
    if (batchTime === undefined || !this.#comesAgain(program, batchTime)) return
    this.#release(program)
    if (runMs > LONGEST_MS || planned.states.length > 0) return
    // Warm-up must not read data from a service for which no batch asked.
    if (planned.inputs.some((input) => input.in === 'partition')) return
    if (!this.#isWanted(program) || !this.#isSuitable(program, planned.program)) return
    const bytes = bytesOf(attempt)
    if (this.#bytes + bytes > MOST_BYTES || !mayKeepInputs) return
    const kept: Attempt = { ...attempt, exchange: undefined, place: undefined, warmUp: true }
    this.#out.push({ do: 'pin', attempt: kept })
    this.#kept.set(program, kept)
    this.#bytes += bytes
  }

  /**
   * Whether a task of the program should run outside of pipelined stages, so that its inputs can be pinned. Whether
   * that is possible is only known at the end of the task, so this requests one task per second.
   */
  wantsInput(program: number, { states }: PlannedTask, now: number): boolean {
    if (states.length > 0 || this.#kept.has(program) || !this.#isWanted(program)) return false
    if (this.#suitable.get(program) === false) return false
    if (now - (this.#askedAt.get(program) ?? -Infinity) < ASK_MS) return false
    if (this.#askedAt.size >= MOST_PROGRAMS) this.#askedAt.clear()
    this.#askedAt.set(program, now)
    return true
  }

  /** Returns the next copy for an idle thread. Programs take turns. */
  next(thread: ThreadId): Attempt | undefined {
    for (const [program, attempt] of this.#kept) {
      if (!this.#cold.lacks(program, thread)) continue
      this.#kept.delete(program)
      this.#kept.set(program, attempt)
      return { ...attempt }
    }
    return undefined
  }

  /** Called when a copy has succeeded. */
  ran(thread: ThreadId, program: number, ms: number): void {
    this.#cold.warmedUp(thread, program)
    const so = this.#progress.get(thread)
    this.#progress.set(thread, { tasks: (so?.tasks ?? 0) + 1, ms: (so?.ms ?? 0) + ms })
  }

  /**
   * Called when a copy threw or ended its thread. This program is not copied again, because its functions may do so
   * again.
   */
  failed(program: number): void {
    this.#judge(program, false)
    this.#release(program)
  }

  forgetThread(thread: ThreadId): void {
    this.#progress.delete(thread)
  }

  /**
   * Called when no thread needs a copy: reports the threads that are now warm, and releases inputs that are no longer
   * needed.
   */
  finish(): void {
    for (const [thread, { tasks, ms }] of this.#progress)
      this.#out.emit({ name: 'threadWarmedUp', detail: { thread, tasks, ms } })
    this.#progress.clear()
    for (const program of [...this.#kept.keys()]) if (!this.#isWanted(program)) this.#release(program)
  }

  /** Releases all inputs, because memory is short or the context closes. */
  clear(): void {
    for (const program of [...this.#kept.keys()]) this.#release(program)
  }

  /** Without a spare, one is about to start, and will be cold. */
  #isWanted(program: number): boolean {
    return this.#cold.lacks(program) || this.#threads.spare === undefined
  }

  #comesAgain(program: number, batchTime: BatchTime): boolean {
    const first = this.#firstSeen.get(program)
    if (first !== undefined) return first !== batchTime
    if (this.#firstSeen.size >= MOST_PROGRAMS) this.#firstSeen.clear()
    this.#firstSeen.set(program, batchTime)
    return false
  }

  /** Decided once per program, because it is called after every task while a thread is cold. */
  #isSuitable(number: number, program: Program): boolean {
    return this.#suitable.get(number) ?? this.#judge(number, this.#policy.allows(number, program))
  }

  #judge(program: number, suitable: boolean): boolean {
    if (this.#suitable.size >= MOST_PROGRAMS) this.#suitable.clear()
    this.#suitable.set(program, suitable)
    return suitable
  }

  #release(program: number): void {
    const attempt = this.#kept.get(program)
    if (!attempt) return
    this.#kept.delete(program)
    this.#bytes -= bytesOf(attempt)
    this.#out.push({ do: 'release', attempt })
  }
}

function bytesOf({ planned }: Attempt): number {
  return planned.blocks.reduce((sum, { length }) => sum + length, 0)
}
