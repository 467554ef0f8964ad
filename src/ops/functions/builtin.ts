import { ArgumentError } from '../../errors.js'
import { copyOf } from '../../values/copy.js'
import { describe } from '../../values/describe.js'
import { mustTravel } from './plain-data.js'
import type { AnyFunction, BuiltinArg, FnRef, ReturnKind } from './ref.js'

const MARK: unique symbol = Symbol.for('millrace.builtin')

/**
 * The name and arguments of a library function. They suffice to create it in any thread, or to run a kernel instead.
 */
export interface BuiltinMark {
  readonly name: string
  readonly args: readonly unknown[]
}

export type BuiltinFactory = (...args: never[]) => AnyFunction

/** The reach of a library function's effects: only its thread, or files, processes and other things outside of it. */
export type Reach = 'thread' | 'outside'

interface Registered {
  readonly factory: BuiltinFactory
  readonly returns: ReturnKind
  readonly reach: Reach
}

const registry = new Map<string, Registered>()

/**
 * Registers a library function that `factory` creates from its arguments. Every thread that uses the name must make
 * this call, so put it at the top of a module that all threads import. `returns` says how results of function arguments
 * are used. A function with `reach` `'outside'` never runs on copies of tasks that no batch asked for.
 * @throws ArgumentError if the name is taken.
 */
export function defineBuiltin(
  name: string,
  factory: BuiltinFactory,
  returns: ReturnKind = 'value',
  reach: Reach = 'thread',
): void {
  if (registry.has(name))
    throw new ArgumentError(`A library function named ${name} is defined already. Choose another name.`, { name })
  registry.set(name, { factory, returns, reach })
}

/** Returns the reach of a library function; `outside` for a name that this thread does not know. */
export function reachOf(name: string): Reach {
  return registry.get(name)?.reach ?? 'outside'
}

/** Returns the factory of a library function, or undefined if none has this name. */
export function builtinOf(name: string): BuiltinFactory | undefined {
  return registry.get(name)?.factory
}

/** Returns the name and arguments of a library function, or undefined for another function. */
export function builtinMark(fn: AnyFunction): BuiltinMark | undefined {
  return (fn as { [MARK]?: BuiltinMark })[MARK]
}

/**
 * Creates a library function. Other threads find it by name and arguments (plain data or functions), never by its
 * source.
 * @throws ArgumentError if this thread has not defined such a function; DataError if another thread would not receive
 * an equal argument.
 */
export function builtin<F extends AnyFunction = AnyFunction>(name: string, ...args: readonly unknown[]): F {
  const factory = builtinOf(name)
  if (factory === undefined) {
    throw new ArgumentError(
      `This thread knows no library function named ${name}. Import the module that calls defineBuiltin('${name}', ...) ` +
        'in the pipeline module too, so that every thread has it.',
      { name, known: [...registry.keys()] },
    )
  }
  args.forEach((arg, i) => {
    if (typeof arg !== 'function')
      mustTravel(arg, `${name} cannot pass this argument to another thread`, `argument ${i + 1}`)
  })
  const fn: unknown = factory(...(args as never[]))
  if (typeof fn !== 'function') {
    throw new ArgumentError(`The factory of ${name} must return a function, it returned ${describe(fn)}.`, { name })
  }
  const made = fn as F
  const mark = builtinMark(made)
  if (mark === undefined) return Object.defineProperty(made, MARK, { value: { name, args } satisfies BuiltinMark })
  // Without arguments, a factory may return the same function each time. With arguments, the function would carry those
  // of the first call.
  if (mark.name === name && mark.args.length === 0 && args.length === 0) return made
  throw new ArgumentError(
    `The factory of ${name} must return a new function at each call, it returned that of ${mark.name}.`,
    { name },
  )
}

/**
 * Returns the reference of a library function, or undefined for another function. `inner` captures functions among its
 * arguments.
 */
export function builtinRef(fn: AnyFunction, inner: (fn: AnyFunction, returns: ReturnKind) => FnRef): FnRef | undefined {
  const mark = builtinMark(fn)
  if (mark === undefined) return undefined
  if (mark.args.length === 0) return { k: 'builtin', name: mark.name }
  const returns = registry.get(mark.name)?.returns ?? 'value'
  const args = mark.args.map(
    // A copy, because references never change but the caller may change its argument.
    (arg): BuiltinArg =>
      typeof arg === 'function' ? { fn: inner(arg as AnyFunction, returns) } : { value: copyOf(arg) },
  )
  return { k: 'builtin', name: mark.name, args }
}
