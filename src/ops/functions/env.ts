import { ArgumentError } from '../../errors.js'
import { ACCUMULATOR_ID, type Accumulator, type Gathering } from '../accumulator.js'
import { describe, foreignPart } from './plain-data.js'
import type { AnyFunction } from './ref.js'

/** The property that makes an object a broadcast variable; its value is the broadcast's number. */
export const BROADCAST_ID: unique symbol = Symbol.for('millrace.broadcast')

const ENVIRONMENT: unique symbol = Symbol.for('millrace.environment')

/** A value of an environment before its functions are captured. */
export type EnvEntry =
  | { readonly value: unknown }
  | { readonly fn: AnyFunction }
  | { readonly broadcast: number }
  | { readonly accumulator: number; readonly gathering: Gathering }

export interface Environment {
  /** The function itself, without the wrapper. */
  readonly fn: AnyFunction
  readonly entries: ReadonlyMap<string, EnvEntry>
}

// Reserved in strict mode, in which all shipped text is compiled.
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
    `withEnv got a value named ${JSON.stringify(name)}, which cannot be the name of a variable. ` +
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
    const { [ACCUMULATOR_ID]: accumulator, gathering } = value as Accumulator<unknown>
    return { accumulator, gathering }
  }
  const foreign = foreignPart(value, name)
  if (foreign === undefined) return { value: structuredClone(value) }
  throw new ArgumentError(
    `withEnv: ${foreign}, which does not reach another thread as it is. Pass plain data (objects, arrays, Map, Set, ` +
      'Date, typed arrays, primitives), or functions as values of their own, and build the rest inside the function.',
    { name },
  )
}

/** The environment that a function carries, or undefined. */
export function environmentOf(fn: AnyFunction): Environment | undefined {
  return (fn as { [ENVIRONMENT]?: Environment })[ENVIRONMENT]
}

/** The function itself, if `withEnv` wrapped one. */
export function unwrapped(fn: AnyFunction): AnyFunction {
  return environmentOf(fn)?.fn ?? fn
}

/** Makes `carrier` answer `environmentOf` with these entries, for the text of `fn`. */
export function carryEnvironment<F extends AnyFunction>(carrier: F, environment: Environment): F {
  return Object.defineProperty(carrier, ENVIRONMENT, { value: environment })
}

/**
 * Gives values of the surroundings to a function whose text travels to the workers.
 *
 * ```ts
 * const limit = 10
 * lines.filter(withEnv({ limit }, (line) => line.length > limit))
 * ```
 *
 * Returns a new function that calls `fn`. Values are plain data (copied now: later changes are not seen), functions
 * (which travel in the same way), broadcast variables or accumulators. Data travels with every program that uses the function: above
 * some kilobytes a broadcast variable is better, which travels once a thread.
 * @throws ArgumentError if a name is no identifier, or a value would not reach another thread as it is.
 */
export function withEnv<F extends AnyFunction>(env: Readonly<Record<string, unknown>>, fn: F): F {
  if (typeof fn !== 'function')
    throw new ArgumentError(`withEnv needs a function to give values to, got ${describe(fn)}.`)
  if (typeof env !== 'object' || env === null) {
    throw new ArgumentError(`withEnv needs an object of named values such as { limit }, got ${describe(env)}.`)
  }
  const inner = environmentOf(fn)
  const entries = new Map(inner?.entries)
  for (const [name, value] of Object.entries(env)) {
    checkName(name)
    entries.set(name, entryOf(name, value))
  }
  const target = inner?.fn ?? fn
  const carrier = function (this: unknown, ...args: unknown[]): unknown {
    return target.apply(this, args)
  } as F
  Object.defineProperty(carrier, 'name', { value: fn.name, configurable: true })
  Object.defineProperty(carrier, 'length', { value: fn.length, configurable: true })
  return carryEnvironment(carrier, { fn: target, entries })
}
