import { ArgumentError, MillraceError } from '../../errors.js'
import { describe, foreignPart } from './plain-data.js'
import type { AnyFunction, BuiltinArg, FnRef } from './ref.js'
import type { Gives } from './results.js'

const MARK: unique symbol = Symbol.for('millrace.builtin')

/** What a library function was made from: enough to make it again in any thread, or to replace it by a kernel. */
export interface BuiltinMark {
  readonly name: string
  readonly args: readonly unknown[]
}

export type BuiltinFactory = (...args: never[]) => AnyFunction

interface Registered {
  readonly factory: BuiltinFactory
  readonly gives: Gives
}

const registry = new Map<string, Registered>()

/**
 * Registers a library function: `factory` makes it from its arguments. Must run in every thread that uses the name,
 * so at the top of a module that every thread imports. `gives`: what it does with the results of functions among its arguments.
 * @throws ArgumentError if the name is taken.
 */
export function defineBuiltin(name: string, factory: BuiltinFactory, gives: Gives = 'value'): void {
  if (registry.has(name))
    throw new ArgumentError(`A library function named ${name} is defined already. Choose another name.`, { name })
  registry.set(name, { factory, gives })
}

/** The factory of a library function, or undefined if none has this name. */
export function builtinOf(name: string): BuiltinFactory | undefined {
  return registry.get(name)?.factory
}

/** What a function was made from, if a library function; otherwise undefined. */
export function builtinMark(fn: AnyFunction): BuiltinMark | undefined {
  return (fn as { [MARK]?: BuiltinMark })[MARK]
}

/**
 * Makes a library function. Threads know it by name and arguments (plain data or functions), never by its text.
 * @throws MillraceError if no such function is defined in this thread; ArgumentError if an argument cannot travel.
 */
export function builtin<F extends AnyFunction = AnyFunction>(name: string, ...args: readonly unknown[]): F {
  const factory = builtinOf(name)
  if (factory === undefined) {
    throw new MillraceError(
      'ERR_MILLRACE_ARGUMENT',
      `This thread knows no library function named ${name}. Import the module that calls defineBuiltin('${name}', ...) ` +
        'in the pipeline module too, so that every thread has it.',
      { details: { name, known: [...registry.keys()] } },
    )
  }
  args.forEach((arg, i) => {
    const foreign = typeof arg === 'function' ? undefined : foreignPart(arg, `argument ${i + 1}`)
    if (foreign !== undefined)
      throw new ArgumentError(`${name}: ${foreign}. Arguments are plain data or functions.`, { name })
  })
  const fn: unknown = factory(...(args as never[]))
  if (typeof fn !== 'function') {
    throw new ArgumentError(`The factory of ${name} must return a function, it returned ${describe(fn)}.`, { name })
  }
  const made = fn as F
  const mark = builtinMark(made)
  if (mark === undefined) return Object.defineProperty(made, MARK, { value: { name, args } satisfies BuiltinMark })
  // A factory without arguments may return one function for ever; with arguments the first mark would be a lie.
  if (mark.name === name && mark.args.length === 0 && args.length === 0) return made
  throw new ArgumentError(
    `The factory of ${name} must return a new function at each call, it returned that of ${mark.name}.`,
    { name },
  )
}

/** The reference of a library function, or undefined for another function. `inner` names the functions among its arguments. */
export function builtinRef(fn: AnyFunction, inner: (fn: AnyFunction, gives: Gives) => FnRef): FnRef | undefined {
  const mark = builtinMark(fn)
  if (mark === undefined) return undefined
  if (mark.args.length === 0) return { k: 'builtin', name: mark.name }
  const gives = registry.get(mark.name)?.gives ?? 'value'
  const args = mark.args.map(
    (arg): BuiltinArg => (typeof arg === 'function' ? { fn: inner(arg as AnyFunction, gives) } : { value: arg }),
  )
  return { k: 'builtin', name: mark.name, args }
}
