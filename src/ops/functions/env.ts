import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { usable } from '../../values/unusable.js'
import { ACCUMULATOR_ID, type NumberedAccumulator } from '../accumulator.js'
import { mustTravel } from './plain-data.js'
import type { AnyFunction, Gathering } from './ref.js'

/** The property that makes an object a broadcast variable; its value is the broadcast's number. */
export const BROADCAST_ID: unique symbol = Symbol.for('millrace.broadcast')

const ENVIRONMENT: unique symbol = Symbol.for('millrace.environment')

/** A value of an environment, before its functions are captured. */
export type EnvEntry =
  | { readonly value: unknown }
  | { readonly fn: AnyFunction }
  | { readonly broadcast: number }
  | { readonly accumulator: number; readonly gathering: Gathering }

export interface Environment {
  /** The function itself, without its wrapper. */
  readonly fn: AnyFunction
  readonly entries: ReadonlyMap<string, EnvEntry>
}

// Reserved in strict mode, which all shipped text is compiled in.
const RESERVED = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)

function checkName(name: string): void {
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name) && !RESERVED.has(name)) return
  throw new ArgumentError(
    `withEnv got a value named ${describe(name)}, which cannot be the name of a variable. ` +
      'Use the name by which the function knows the value.',
    { name },
  )
}

function entryOf(name: string, value: unknown): EnvEntry {
  if (typeof value === 'function') return { fn: value as AnyFunction }
  if (typeof value === 'object' && value !== null && BROADCAST_ID in value) {
    return { broadcast: (value as { readonly [BROADCAST_ID]: number })[BROADCAST_ID] }
  }
  if (typeof value === 'object' && value !== null && ACCUMULATOR_ID in value) {
    const { [ACCUMULATOR_ID]: accumulator, gathering } = value as NumberedAccumulator<unknown>
    return { accumulator, gathering }
  }
  mustTravel(value, 'withEnv cannot pass this value to another thread', name)
  // Copied as it will be sent: memory that threads share stays shared.
  return { value: structuredClone(value) }
}

function entriesOf(env: Readonly<Record<string, unknown>>, inner: Environment | undefined): Map<string, EnvEntry> {
  const entries = new Map(inner?.entries)
  for (const [name, value] of Object.entries(env)) {
    checkName(name)
    entries.set(name, entryOf(name, value))
  }
  return entries
}

/** Returns the environment attached to a function, or undefined. */
export function environmentOf(fn: AnyFunction): Environment | undefined {
  return (fn as { [ENVIRONMENT]?: Environment })[ENVIRONMENT]
}

/** Returns the inner function if `withEnv` wrapped it, else the function itself. */
export function unwrapped(fn: AnyFunction): AnyFunction {
  return environmentOf(fn)?.fn ?? fn
}

/** Makes `environmentOf(carrier)` return these entries. They belong to the source of `fn`. */
export function carryEnvironment<F extends AnyFunction>(carrier: F, environment: Environment): F {
  return Object.defineProperty(carrier, ENVIRONMENT, { value: environment })
}

/**
 * Passes values of its surroundings to a function that is shipped as source text.
 *
 * ```ts
 * const limit = 10
 * lines.filter(withEnv({ limit }, (line) => line.length > limit))
 * ```
 *
 * Returns a new function that calls `fn`. The values are plain data (copied now, so later changes have no effect),
 * functions (shipped in the same way), broadcast variables or accumulators. Data is sent with every program that uses
 * the function; above some kilobytes use a broadcast variable, which is sent once per thread.
 * @throws ArgumentError if a name is not an identifier; DataError, with a path, if another thread would not receive an
 * equal value.
 */
// biome-ignore lint/suspicious/noExplicitAny: functions of every shape
export function withEnv<F extends (...args: any[]) => any>(env: Readonly<Record<string, unknown>>, fn: F): F {
  return usable('withEnv', [env, fn], () => withEntries(env, fn))
}

function withEntries<F extends AnyFunction>(env: Readonly<Record<string, unknown>>, fn: F): F {
  if (typeof fn !== 'function')
    throw new ArgumentError(`withEnv needs a function that uses the values, got ${describe(fn)}.`)
  if (typeof env !== 'object' || env === null) {
    throw new ArgumentError(`withEnv needs an object of named values such as { limit }, got ${describe(env)}.`)
  }
  const inner = environmentOf(fn)
  const entries = entriesOf(env, inner)
  const target = inner?.fn ?? fn
  const carrier = function (this: unknown, ...args: unknown[]): unknown {
    return target.apply(this, args)
  } as F
  Object.defineProperty(carrier, 'name', { value: fn.name, configurable: true })
  Object.defineProperty(carrier, 'length', { value: fn.length, configurable: true })
  return carryEnvironment(carrier, { fn: target, entries })
}
