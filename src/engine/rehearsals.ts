import type { Program } from '../ops/plan.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { BlockManager } from './block-manager.js'
import type { Events } from './events.js'
import type { Newcomers } from './newcomers.js'
import type { PlannedTask } from './planner.js'
import { isRepeatable } from './repeatable.js'
import type { Attempt } from './task.js'

export interface RehearsalsOptions {
  readonly blocks: Pick<BlockManager, 'pin' | 'unpin'>
  readonly newcomers: Newcomers
  readonly events: Pick<Events, 'emit'>
  /** Threads that may practise, the one in reserve first. */
  readonly threads: () => readonly PoolThread[]
  /** Whether a thread in reserve is yet to come. */
  readonly expecting: () => boolean
  /** Whether nothing runs, and nothing waits to run. */
  readonly quiet: () => boolean
  /** Whether nobody would notice that its functions run once more. */
  readonly allowed: (program: Program) => boolean
  /** Whether there is memory to spare. */
  readonly roomy: () => boolean
  /** Runs a copy, whose inputs are pinned. Its end is told by `ran` or `failed`. */
  readonly send: (thread: PoolThread, attempt: Attempt) => void
}

/** Nothing runs for so many ms: between two stages of a job it is less. */
const QUIET_MS = 4
/** Tasks that run longer are warm before they end, and a copy would keep the machine from the next batch. */
const LONGEST_MS = 200
/** Between two questions for inputs of a program. */
const ASK_MS = 1000
/** Inputs that are kept for copies, in bytes. */
const MOST_BYTES = 16 * 1024 * 1024
/** Programs that are remembered. */
const MOST_PROGRAMS = 1024

/**
 * Lets the thread in reserve practise while nothing else runs, and one that was promoted before it was through: on
 * copies of tasks that are done, whose results are dropped. Code that has never run is not compiled, and takes ten to a
 * hundred times as long. Of each program one task is kept for that, the newest, with its inputs, until no thread needs it.
 */
export class Rehearsals {
  readonly #options: RehearsalsOptions
  /** By program. */
  readonly #kept = new Map<number, Attempt>()
  /** The batch in which a program was first seen: one that does not come again needs no practice. */
  readonly #firstSeen = new Map<number, number>()
  /** By program: whether it may be rehearsed at all. No longer, once a copy of it failed or lost its thread. */
  readonly #suitable = new Map<number, boolean>()
  /** When a program's inputs were asked for, by `performance.now()`. */
  readonly #askedAt = new Map<number, number>()
  /** Copies run and their ms, by threads that are not through yet. */
  readonly #practising = new Map<number, { tasks: number; ms: number }>()
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RehearsalsOptions) {
    this.#options = options
  }

  /** A task has come to a good end after so many ms. To be called before its inputs are let go. */
  saw(attempt: Attempt, runMs: number): void {
    const { program, planned, pins, task } = attempt
    // What it has read is not in its plan.
    if (attempt.exchange && attempt.place === undefined) return
    const { batchTime } = task.spec.job
    if (batchTime === undefined || !this.#comesAgain(program, batchTime)) return
    this.#letGo(program)
    if (runMs > LONGEST_MS || planned.states.length > 0) return
    if (!this.#isWanted(program) || !this.#isSuitable(program, planned.program)) return
    const bytes = bytesOf(attempt)
    if (this.#bytes + bytes > MOST_BYTES || !this.#options.roomy()) return
    this.#options.blocks.pin(pins)
    this.#kept.set(program, attempt)
    this.#bytes += bytes
  }

  /**
   * Whether a task of the program should run so that its inputs can be kept. As much may stand against that which only the
   * end of the task tells, this asks for one task a second.
   */
  wantsInput(program: number, { states }: PlannedTask): boolean {
    if (states.length > 0 || this.#kept.has(program) || !this.#isWanted(program)) return false
    if (this.#suitable.get(program) === false) return false
    const now = performance.now()
    if (now - (this.#askedAt.get(program) ?? -Infinity) < ASK_MS) return false
    if (this.#askedAt.size >= MOST_PROGRAMS) this.#askedAt.clear()
    this.#askedAt.set(program, now)
    return true
  }

  /** The scheduler has nothing to do just now. */
  idle(): void {
    if (this.#timer || this.#kept.size + this.#practising.size === 0 || !this.#options.quiet()) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#options.quiet()) this.#next()
    }, QUIET_MS)
    this.#timer.unref()
  }

  /** A copy has come to a good end. */
  ran(thread: number, program: number, ms: number): void {
    this.#options.newcomers.practised(thread, program)
    const so = this.#practising.get(thread)
    this.#practising.set(thread, { tasks: (so?.tasks ?? 0) + 1, ms: (so?.ms ?? 0) + ms })
  }

  /** A copy threw, or its thread died of it: no more of this program, whose function may do so again. */
  failed(program: number): void {
    this.#judge(program, false)
    this.#letGo(program)
  }

  threadLost(thread: number): void {
    this.#practising.delete(thread)
  }

  /** Lets all inputs go: memory is short, or the end has come. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const program of [...this.#kept.keys()]) this.#letGo(program)
  }

  #next(): void {
    const { newcomers, threads, blocks, send } = this.#options
    const free = threads().filter(({ inFlight }) => inFlight === 0)
    for (const [program, attempt] of [...this.#kept]) {
      const thread = free.find(({ id }) => newcomers.lacks(program, id))
      if (!thread) continue
      // The next time it is another program's turn.
      this.#kept.delete(program)
      this.#kept.set(program, attempt)
      blocks.pin(attempt.pins)
      send(thread, { ...attempt, exchange: undefined, place: undefined, rehearsal: true })
      return
    }
    for (const [thread, { tasks, ms }] of this.#practising)
      this.#options.events.emit('threadRehearsed', { thread, tasks, ms })
    this.#practising.clear()
    for (const program of [...this.#kept.keys()]) if (!this.#isWanted(program)) this.#letGo(program)
  }

  #isWanted(program: number): boolean {
    const { newcomers, expecting } = this.#options
    return newcomers.lacks(program) || expecting()
  }

  #comesAgain(program: number, batchTime: number): boolean {
    const first = this.#firstSeen.get(program)
    if (first !== undefined) return first !== batchTime
    if (this.#firstSeen.size >= MOST_PROGRAMS) this.#firstSeen.clear()
    this.#firstSeen.set(program, batchTime)
    return false
  }

  /** Looked into once a program, as this is asked after every task while a thread needs practice. */
  #isSuitable(number: number, program: Program): boolean {
    return this.#suitable.get(number) ?? this.#judge(number, isRepeatable(program) && this.#options.allowed(program))
  }

  #judge(program: number, suitable: boolean): boolean {
    if (this.#suitable.size >= MOST_PROGRAMS) this.#suitable.clear()
    this.#suitable.set(program, suitable)
    return suitable
  }

  #letGo(program: number): void {
    const attempt = this.#kept.get(program)
    if (!attempt) return
    this.#kept.delete(program)
    this.#bytes -= bytesOf(attempt)
    this.#options.blocks.unpin(attempt.pins)
  }
}

function bytesOf({ planned }: Attempt): number {
  return planned.blocks.reduce((sum, { length }) => sum + length, 0)
}
