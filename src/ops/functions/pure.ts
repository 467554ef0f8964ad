import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { unwrapped } from './env.js'
import type { AnyFunction, UserRef } from './ref.js'

const declared = new WeakSet<AnyFunction>()

/**
 * Declares that an additional run of a function has no effect: it sends, prints and starts nothing, and keeps nothing
 * between calls. Returns the function. Millrace may then run it on copies of tasks, to warm up the spare thread and to
 * overtake threads whose code is not compiled yet. If a function's source proves this, it needs no declaration.
 *
 * ```ts
 * const parse = (line: string) => line.split(',').map(Number)
 * await ctx.parallelize(['1,2']).map(pure(withEnv({ parse }, (line: string) => parse(line)))).collect() // [[1, 2]]
 * ```
 * @throws ArgumentError if `fn` is not a function.
 */
// biome-ignore lint/suspicious/noExplicitAny: functions of every shape
export function pure<F extends (...args: any[]) => any>(fn: F): F {
  if (typeof fn !== 'function') throw new ArgumentError(`pure needs a function, got ${describe(fn)}.`)
  declared.add(fn)
  return fn
}

/**
 * Returns the reference of a function, marked as pure if the user declared the function pure, with or without its
 * `withEnv`.
 */
export function declaring(ref: UserRef, fn: AnyFunction): UserRef {
  return declared.has(fn) || declared.has(unwrapped(fn)) ? { ...ref, pure: true } : ref
}
