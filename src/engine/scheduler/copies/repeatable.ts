import { reachOf } from '../../../ops/functions/builtin.js'
import { unguarded } from '../../../ops/functions/guard.js'
import { intrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import { FUNCTIONS, STATICS } from '../../../ops/functions/meaning/pure-names.js'
import { impurityOf, type Meaning, type Surroundings } from '../../../ops/functions/meaning/purity.js'
import type { AnyFunction, EnvValue, FnRef, UserRef } from '../../../ops/functions/ref.js'
import type { Program } from '../../../ops/plan.js'
import type { Copyable } from '../../options.js'

/** The number of programs whose decision is cached. */
const MOST_PROGRAMS = 1024

/** Decides which programs may run on copies of tasks: for warm-up of the spare, and for help to cold threads. */
export class CopyPolicy {
  readonly #copyable: Copyable
  readonly #resolve: (ref: FnRef) => AnyFunction
  /** Decisions, by program number. */
  readonly #decided = new Map<number, boolean>()

  constructor(copyable: Copyable, resolve: (ref: FnRef) => AnyFunction) {
    this.#copyable = copyable
    this.#resolve = resolve
  }

  /** Returns whether copies of a program's tasks may run. Cost: a look-up; for a new program, one parse per function. */
  allows(number: number, program: Program): boolean {
    let allowed = this.#decided.get(number)
    if (allowed === undefined) {
      allowed = isRepeatable(program) && areCopyable(program, this.#copyable, this.#resolve)
      if (this.#decided.size >= MOST_PROGRAMS) this.#decided.clear()
      this.#decided.set(number, allowed)
    }
    // Proofs rely on built-in objects, which may have been replaced since.
    return allowed && (this.#copyable === 'all' || intrinsicsIntact())
  }
}

/** A program that awaits calls, or passes records to a function as its output, runs only when a batch asks for it. */
function isRepeatable({ plan, sink }: Program): boolean {
  return sink.op !== 'apply' && sink.op !== 'foreach' && !awaits(plan)
}

function awaits(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return (part as { op?: unknown }).op === 'mapAsync' || Object.values(part).some(awaits)
}

function areCopyable(part: unknown, copyable: Copyable, resolve: (ref: FnRef) => AnyFunction): boolean {
  if (typeof part !== 'object' || part === null) return true
  if (isRef(part) && !isCopyable(part, copyable, resolve)) return false
  return Object.entries(part).every(([name, value]) => isData(name) || areCopyable(value, copyable, resolve))
}

/**
 * Properties that hold users' values, whatever they look like, and references in an environment, which `isCopyable`
 * checks.
 */
const isData = (name: string): boolean => name === 'value' || name === 'bounds' || name === 'env'

function isRef(part: object): part is FnRef {
  return typeof (part as { k?: unknown }).k === 'string'
}

/** Functions among the arguments of a library function are separate references. */
function isCopyable(ref: FnRef, copyable: Copyable, resolve: (ref: FnRef) => AnyFunction): boolean {
  if (ref.k === 'builtin') return reachOf(ref.name) === 'thread'
  return copyable === 'all' || ref.pure === true || isProven(ref, resolve)
}

function isProven(ref: UserRef, resolve: (ref: FnRef) => AnyFunction): boolean {
  switch (ref.k) {
    case 'global':
      return FUNCTIONS.has(ref.path) || STATICS.has(ref.path)
    case 'source':
      return impurityOf(ref.text, surroundingsOf(ref.env ?? {}, resolve)) === undefined
    case 'table':
    case 'export':
      return impurityOf(textOf(unguarded(resolve(ref))), IN_MODULE) === undefined
  }
}

/** A function may have its own `toString`. */
const textOf = (fn: AnyFunction): string => Function.prototype.toString.call(fn)

const IN_MODULE: Surroundings = { globals: false, meanings: new Map() }

function surroundingsOf(
  env: { readonly [name: string]: EnvValue },
  resolve: (ref: FnRef) => AnyFunction,
): Surroundings {
  const meanings = new Map<string, Meaning>()
  for (const [name, entry] of Object.entries(env)) {
    const meaning = meaningOf(entry, resolve)
    if (meaning !== undefined) meanings.set(name, meaning)
  }
  return { globals: Object.keys(env).every((name) => meanings.has(name)), meanings }
}

function meaningOf(entry: EnvValue, resolve: (ref: FnRef) => AnyFunction): Meaning | undefined {
  if ('broadcast' in entry) return 'broadcast'
  if ('accumulator' in entry) return 'accumulator'
  if ('value' in entry) return typeof entry.value === 'object' && entry.value !== null ? 'data' : 'primitive'
  return areCopyable(entry.fn, 'proven', resolve) ? 'function' : undefined
}
