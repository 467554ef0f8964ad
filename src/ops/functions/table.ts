import { MillraceError } from '../../errors.js'
import { builtinRef } from './builtin.js'
import { checkFunction } from './check-function.js'
import { unwrapped } from './env.js'
import { globalPath } from './globals.js'
import { functionHash } from './normal-form.js'
import { recognised } from './recognise.js'
import type { AnyFunction, FnRef } from './ref.js'
import { type Gives, giving } from './results.js'

/**
 * The functions of a pipeline module, in the order in which building its graph met them. The driver and every worker
 * build the same graph, so number i means the same function everywhere; `fingerprint` proves it.
 */
export class FunctionTable {
  readonly #functions: AnyFunction[] = []
  readonly #labels: string[] = []
  readonly #indexes = new Map<AnyFunction, number>()

  get size(): number {
    return this.#functions.length
  }

  /**
   * Adds a function and returns its reference; the same function object gets the same number again. Library functions
   * and globals are not added, they are known by name; functions among a library function's arguments are.
   * `label` names the operation in errors and fingerprints.
   * @throws ArgumentError if `fn` is no function, or of a kind that does not fit.
   */
  record(fn: AnyFunction, label: string, gives: Gives = 'value'): FnRef {
    checkFunction(fn, label, gives)
    fn = recognised(fn)
    // In a module a function has its closure: what withEnv adds is not needed.
    fn = unwrapped(fn)
    const named = builtinRef(fn, (inner, of) => this.record(inner, label, of))
    if (named !== undefined) return named
    const path = globalPath(fn)
    if (path !== undefined) return giving({ k: 'global', path }, gives)
    let i = this.#indexes.get(fn)
    if (i === undefined) {
      i = this.#functions.push(fn) - 1
      this.#labels.push(label)
      this.#indexes.set(fn, i)
    }
    return giving({ k: 'table', i }, gives)
  }

  /** The number of a recorded function, or undefined. */
  indexOf(fn: AnyFunction): number | undefined {
    return this.#indexes.get(unwrapped(fn))
  }

  /**
   * Function i; of one that was given with `withEnv`, the function inside.
   * @throws MillraceError if the table has no such number.
   */
  get(i: number): AnyFunction {
    const fn = this.#functions[i]
    if (fn !== undefined) return fn
    throw new MillraceError(
      'ERR_MILLRACE_FINGERPRINT',
      `Function ${i} of the pipeline module is asked for, but this thread recorded ${this.#functions.length}. ` +
        'The module must build the same graph in every thread: let it depend on its parameters only.',
      { details: { index: i, size: this.#functions.length } },
    )
  }

  /**
   * One `label:hash` for each function. Equal in two threads exactly if both recorded the same operations with the same
   * functions. Cost: one parse a function, about 1 ms a kB of text.
   */
  fingerprint(): string[] {
    return this.#functions.map((fn, i) => `${this.#labels[i]}:${functionHash(String(fn))}`)
  }
}
