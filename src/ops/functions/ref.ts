import type { Expression } from './meaning/expression.js'
import type { ReadMerge } from './meaning/read-merge.js'

/** How a task sends its additions to an accumulator: as one sum, or as a list in order. */
export type Gathering = 'sum' | 'list'

/**
 * How an operation uses the result of a function.
 * - `value` (default): at once, as a record, a key, a condition or an order.
 * - `each`: iterates over it at once.
 * - `later`: awaits it.
 */
export type ReturnKind = 'value' | 'each' | 'later'

/**
 * A reference by which any thread finds a function. A task never carries a function, only a FnRef:
 * - `table`: number i of the pipeline module's function table, which is the same in the driver and in every worker.
 * - `export`: a function that the pipeline module exports.
 * - `source`: the function's text, which the thread compiles, with the values (and functions) of `withEnv`.
 * - `builtin`: a function of the library by name, with plain arguments and other FnRefs.
 * - `global`: a function of the language, such as `Math.floor`.
 */
export type FnRef = UserRef | { readonly k: 'builtin'; readonly name: string; readonly args?: readonly BuiltinArg[] }

/**
 * A reference to a function that is not the library's, so its results are checked. `returns`: how they are used; absent
 * means `value`. `pure`: the user declared it pure. `means`: what its text computes of one value,
 * if kernels may compute that instead; `merges`: what it computes of two. `keeps`: its text proves that it changes no part
 * of its arguments.
 */
export type UserRef = (
  | { readonly k: 'table'; readonly i: number }
  | { readonly k: 'export'; readonly name: string }
  | { readonly k: 'source'; readonly text: string; readonly env?: { readonly [name: string]: EnvValue } }
  | { readonly k: 'global'; readonly path: string }
) & {
  readonly returns?: ReturnKind
  readonly pure?: true
  readonly means?: Expression
  readonly merges?: ReadMerge
  readonly keeps?: true
}

/** A value of `withEnv`: plain data, another function, a broadcast variable, or an accumulator. */
export type EnvValue =
  | { readonly value: unknown }
  | { readonly fn: FnRef }
  | { readonly broadcast: number }
  | { readonly accumulator: number; readonly gathering: Gathering }

/** An argument of a builtin factory: plain data or a function. */
export type BuiltinArg = { readonly value: unknown } | { readonly fn: FnRef }

// biome-ignore lint/suspicious/noExplicitAny: user functions of every shape pass through here
export type AnyFunction = (...args: any[]) => any
