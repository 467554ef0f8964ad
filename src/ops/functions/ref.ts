import type { Gathering } from '../accumulator.js'
import type { Gives } from './results.js'

/**
 * How a function is named so that any thread can find it. A task never carries a function, only a FnRef:
 * - `table`: number i of the pipeline module's function table; driver and workers built the same table.
 * - `export`: a function that the pipeline module exports.
 * - `source`: the function's text, compiled where it is used, with values (and functions) given through `withEnv`.
 * - `builtin`: a function of the library by name, made from plain arguments and other FnRefs.
 * - `global`: a function of the language, such as `Math.floor`.
 */
export type FnRef = UserRef | { readonly k: 'builtin'; readonly name: string; readonly args?: readonly BuiltinArg[] }

/** A function that is not the library's: its results are checked. `gives`: what is done with them, `value` unless given. */
export type UserRef = (
  | { readonly k: 'table'; readonly i: number }
  | { readonly k: 'export'; readonly name: string }
  | { readonly k: 'source'; readonly text: string; readonly env?: { readonly [name: string]: EnvValue } }
  | { readonly k: 'global'; readonly path: string }
) & { readonly gives?: Gives }

/** A value given through `withEnv`: plain data, another function, a broadcast variable, or an accumulator. */
export type EnvValue =
  | { readonly value: unknown }
  | { readonly fn: FnRef }
  | { readonly broadcast: number }
  | { readonly accumulator: number; readonly gathering: Gathering }

/** An argument of a builtin factory: plain data or a function. */
export type BuiltinArg = { readonly value: unknown } | { readonly fn: FnRef }

// biome-ignore lint/suspicious/noExplicitAny: user functions of every shape pass through here
export type AnyFunction = (...args: any[]) => any
