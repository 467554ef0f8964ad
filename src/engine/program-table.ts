import { exactText } from '../ops/functions/exact-text.js'
import type { Program } from '../ops/plan.js'

interface Entry {
  readonly text: string
  readonly program: Program
  /** Broadcast variables that the program's functions read. */
  readonly broadcasts: readonly number[]
  /** How long its tasks ran lately, in ms: the latest half, those before the other half. */
  runMs: number
}

/** What a thread knows of the table. */
interface Sent {
  readonly numbers: Set<number>
  /** Programs that it may forget. */
  undefine: number[]
}

/** A stream needs a handful; functions whose environment changes with every batch would make one a batch. */
const MOST = 1024

/** Five times what a message and its answer cost. */
const QUICK_MS = 0.5

/** Programs by number. The same program gets the same number, so each thread is sent it once and compiles it once. */
export class ProgramTable {
  readonly #numbers = new Map<string, number>()
  /** In order of last use. */
  readonly #entries = new Map<number, Entry>()
  readonly #sent = new Map<number, Sent>()
  #next = 0

  number(program: Program): number {
    // Not JSON, for which NaN and null, or a Date and its text, are the same.
    const text = exactText(program)
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.#next++
      this.#numbers.set(text, number)
      this.#entries.set(number, { text, program, broadcasts: [...broadcastsIn(program)], runMs: Infinity })
      this.#evict()
    } else {
      const entry = this.#entries.get(number)!
      this.#entries.delete(number)
      this.#entries.set(number, entry)
    }
    return number
  }

  /** The program itself if `thread` has not seen it, which from now on it has. */
  define(thread: number, number: number): Program | undefined {
    const { numbers } = this.#of(thread)
    if (numbers.has(number)) return undefined
    numbers.add(number)
    return this.#entries.get(number)!.program
  }

  /** Programs that the thread may forget; empties the list. */
  undefine(thread: number): readonly number[] | undefined {
    const sent = this.#of(thread)
    if (sent.undefine.length === 0) return undefined
    const { undefine } = sent
    sent.undefine = []
    return undefine
  }

  broadcasts(number: number): readonly number[] {
    return this.#entries.get(number)!.broadcasts
  }

  /** A task of the program ran. */
  ran(number: number, ms: number): void {
    const entry = this.#entries.get(number)
    if (entry) entry.runMs = entry.runMs === Infinity ? ms : (entry.runMs + ms) / 2
  }

  /** How long its tasks ran lately, in ms; Infinity where none has. */
  runMs(number: number): number {
    return this.#entries.get(number)?.runMs ?? Infinity
  }

  /** Whether its tasks run for less than it costs to send them one by one. */
  isQuick(number: number): boolean {
    return this.runMs(number) < QUICK_MS
  }

  has(number: number): boolean {
    return this.#entries.has(number)
  }

  threadLost(thread: number): void {
    this.#sent.delete(thread)
  }

  #evict(): void {
    if (this.#entries.size <= MOST) return
    const [number, { text }] = this.#entries.entries().next().value!
    this.#entries.delete(number)
    this.#numbers.delete(text)
    for (const sent of this.#sent.values()) if (sent.numbers.delete(number)) sent.undefine.push(number)
  }

  #of(thread: number): Sent {
    let sent = this.#sent.get(thread)
    if (!sent) {
      sent = { numbers: new Set(), undefine: [] }
      this.#sent.set(thread, sent)
    }
    return sent
  }
}

/** Broadcast variables in the environments of source-shipped functions, wherever these are in the program. */
function broadcastsIn(part: unknown, found = new Set<number>()): Set<number> {
  if (typeof part !== 'object' || part === null) return found
  for (const [name, value] of Object.entries(part)) {
    // What users give as a value is theirs, whatever it looks like.
    if (name === 'value') continue
    if (name === 'broadcast' && typeof value === 'number') found.add(value)
    else broadcastsIn(value, found)
  }
  return found
}
