import type { ThreadId } from '../../ids.js'
import { exactText } from '../../ops/functions/meaning/exact-text.js'
import type { Program } from '../../ops/plan.js'
import { broadcastsIn } from './broadcasts-in.js'
import { areSame } from './same-data.js'

interface Entry {
  readonly number: number
  readonly text: string
  readonly program: Program
  /** Broadcast variables that the program's functions read, with the names that they have there. */
  readonly variables: ReadonlyMap<number, string>
  readonly broadcasts: readonly number[]
  /** Running mean of its tasks' run times, in ms; the latest task has a weight of one half. */
  runMs: number
  /** The operations of a task are sampled when the tasks since have run for so many ms, or from a moment on. */
  beforeSample: number
  sampleAt: number
}

/** The programs that a thread has received. */
interface Sent {
  readonly numbers: Set<number>
  /** Programs that the thread may drop. */
  undefine: number[]
}

/** Knows which broadcast variables exist. */
export interface BroadcastCheck {
  /** Throws StateError if one of the variables, with their names in a function, was destroyed. */
  check(variables: ReadonlyMap<number, string>): void
}

/**
 * Most programs in the table. A stream needs a few; functions whose environment changes with each batch add one per
 * batch.
 */
const MOST = 1024

/**
 * The number of latest programs with which the next one is compared. The tasks of a batch have few programs, in any
 * order.
 */
const RECENT = 8

/** Run time, in ms, below which a program counts as quick: five times the cost of a message and its answer. */
const QUICK_MS = 0.5

/**
 * A sampled task follows when the tasks of its program have run 50 times as long as the last one. As it does its work too,
 * samples cost less than 2 % of their time. Where tasks are rare, it follows after 1,000 times as long: samples then cost less
 * than 0.1 % of the time of a thread.
 */
const RUN_PER_SAMPLE = 50
const TIME_PER_SAMPLE = 1_000

/** Numbers programs. Equal programs have one number, so each thread receives and compiles a program once. */
export class ProgramTable {
  readonly #numbers = new Map<string, number>()
  /** Ordered by last use. */
  readonly #entries = new Map<number, Entry>()
  /** Programs that are compared before any text is built. */
  readonly #recent: Entry[] = []
  readonly #sent = new Map<ThreadId, Sent>()
  readonly #broadcasts: BroadcastCheck
  #next = 0

  constructor(broadcasts: BroadcastCheck) {
    this.#broadcasts = broadcasts
  }

  /** Returns the number of a new task's program. Throws StateError if it reads a broadcast variable that was destroyed. */
  use(program: Program): number {
    const number = this.number(program)
    const { variables } = this.#entries.get(number)!
    if (variables.size > 0) this.#broadcasts.check(variables)
    return number
  }

  number(program: Program): number {
    const entry = this.#recent.find((recent) => areSame(recent.program, program)) ?? this.#entryOf(program)
    // Moves it to the end, as the most recently used.
    this.#entries.delete(entry.number)
    this.#entries.set(entry.number, entry)
    if (this.#entries.size > MOST) this.#evict()
    return entry.number
  }

  /** Returns the program if `thread` does not have it. The caller must then send it. */
  define(thread: ThreadId, number: number): Program | undefined {
    const { numbers } = this.#of(thread)
    if (numbers.has(number)) return undefined
    numbers.add(number)
    return this.#entries.get(number)!.program
  }

  /** Takes the list of programs that the thread may drop. */
  undefine(thread: ThreadId): readonly number[] | undefined {
    const sent = this.#of(thread)
    if (sent.undefine.length === 0) return undefined
    const { undefine } = sent
    sent.undefine = []
    return undefine
  }

  broadcasts(number: number): readonly number[] {
    return this.#entries.get(number)!.broadcasts
  }

  /** Records the run time of a task. */
  ran(number: number, ms: number): void {
    const entry = this.#entries.get(number)
    if (!entry) return
    entry.runMs = entry.runMs === Infinity ? ms : (entry.runMs + ms) / 2
    entry.beforeSample -= ms
  }

  /** Whether to sample the operations of the next task of a program. The caller must then send it with a sample. */
  takeSample(number: number): boolean {
    const entry = this.#entries.get(number)
    if (!entry || entry.runMs === Infinity) return false
    if (entry.beforeSample > 0 && performance.now() < entry.sampleAt) return false
    // An estimate until its answer has its run time. Other tasks may be sent before, and the answer may never come.
    entry.beforeSample = 0
    this.sampled(number, entry.runMs)
    return true
  }

  /** Records the run time of a task with a sample. */
  sampled(number: number, ms: number): void {
    const entry = this.#entries.get(number)
    if (!entry) return
    entry.beforeSample = Math.max(entry.beforeSample, RUN_PER_SAMPLE * ms)
    entry.sampleAt = performance.now() + TIME_PER_SAMPLE * ms
  }

  /** Returns the mean run time of the program's latest tasks, in ms; Infinity before the first. */
  runMs(number: number): number {
    return this.#entries.get(number)?.runMs ?? Infinity
  }

  /** Whether sending the program's tasks one by one would cost more than running them. */
  isQuick(number: number): boolean {
    return this.runMs(number) < QUICK_MS
  }

  has(number: number): boolean {
    return this.#entries.has(number)
  }

  /** Removes the record of what was sent to a thread. */
  forgetThread(thread: ThreadId): void {
    this.#sent.delete(thread)
  }

  #entryOf(program: Program): Entry {
    // Not JSON, which writes NaN and null, or a Date and its text, identically.
    const text = exactText(program)
    const known = this.#numbers.get(text)
    const entry = known === undefined ? this.#newEntry(text, program) : this.#entries.get(known)!
    if (!this.#recent.includes(entry)) this.#recent.unshift(entry)
    if (this.#recent.length > RECENT) this.#recent.pop()
    return entry
  }

  #newEntry(text: string, program: Program): Entry {
    // Throws if no message can carry it. If this were detected later, the message's ownership updates would be lost
    // too.
    structuredClone(program)
    const number = this.#next++
    this.#numbers.set(text, number)
    const variables = broadcastsIn(program)
    const broadcasts = [...variables.keys()]
    return { number, text, program, variables, broadcasts, runMs: Infinity, beforeSample: 0, sampleAt: Infinity }
  }

  #evict(): void {
    const [number, { text }] = this.#entries.entries().next().value!
    this.#entries.delete(number)
    this.#numbers.delete(text)
    for (const sent of this.#sent.values()) if (sent.numbers.delete(number)) sent.undefine.push(number)
  }

  #of(thread: ThreadId): Sent {
    let sent = this.#sent.get(thread)
    if (!sent) {
      sent = { numbers: new Set(), undefine: [] }
      this.#sent.set(thread, sent)
    }
    return sent
  }
}
