import { FingerprintError } from '../../errors.js'
import { builtinRef } from './builtin.js'
import { checkFunction } from './check-function.js'
import { unwrapped } from './env.js'
import { globalPath } from './globals.js'
import { withMeaning } from './meaning/meaning.js'
import { recognised } from './meaning/recognise.js'
import { declaring } from './pure.js'
import type { AnyFunction, FnRef, ReturnKind } from './ref.js'
import { withReturnKind } from './results.js'
import { functionHash } from './syntax/normal-form.js'

/**
 * The functions of a pipeline module, in the order in which building its graph records them. The driver and every
 * worker build the same graph, so number i means the same function in all of them. They compare their `fingerprint` to
 * verify it.
 */
export class FunctionTable {
  readonly #functions: AnyFunction[] = []
  readonly #labels: string[] = []
  readonly #indexes = new Map<AnyFunction, number>()
  readonly #meaning: typeof withMeaning

  /** `reads`: whether references contain the meanings of functions. Threads receive them from the driver. */
  constructor({ reads }: { readonly reads: boolean } = { reads: true }) {
    this.#meaning = reads ? withMeaning : (ref) => ref
  }

  get size(): number {
    return this.#functions.length
  }

  /**
   * Records a function and returns its reference. The same function object keeps its number. Library functions and
   * globals have names, so they are not recorded; functions among a library function's arguments are. `label` names the
   * operation in errors and fingerprints.
   * @throws ArgumentError if `fn` is not a function, or is of an unsuitable kind.
   */
  record(fn: AnyFunction, label: string, returns: ReturnKind = 'value'): FnRef {
    checkFunction(fn, label, returns)
    fn = recognised(fn)
    const carrier = fn
    // A module's function has its closure, so it does not need the values of withEnv.
    fn = unwrapped(fn)
    const named = builtinRef(fn, (inner, of) => this.record(inner, label, of))
    if (named !== undefined) return named
    const path = globalPath(fn)
    if (path !== undefined) return withReturnKind(declaring(this.#meaning({ k: 'global', path }, fn), fn), returns)
    let i = this.#indexes.get(fn)
    if (i === undefined) {
      i = this.#functions.push(fn) - 1
      this.#labels.push(label)
      this.#indexes.set(fn, i)
    }
    return withReturnKind(declaring(this.#meaning({ k: 'table', i }, fn), carrier), returns)
  }

  /** Returns the number of a recorded function, or undefined. */
  indexOf(fn: AnyFunction): number | undefined {
    return this.#indexes.get(unwrapped(fn))
  }

  /**
   * Returns function i. If `withEnv` wrapped it, returns the inner function.
   * @throws FingerprintError if the table has no function i.
   */
  get(i: number): AnyFunction {
    const fn = this.#functions[i]
    if (fn !== undefined) return fn
    throw new FingerprintError(
      `Function ${i} of the pipeline module was requested, but this thread recorded ${this.#functions.length}. ` +
        'The module must build the same graph in every thread, so it may depend only on its parameters.',
      { index: i, size: this.#functions.length },
    )
  }

  /**
   * Returns one `label:hash` per function. Two threads have equal fingerprints exactly if both recorded the same
   * operations with the same functions. Cost: one parse per function, about 1 ms per kB of text.
   */
  fingerprint(): string[] {
    return this.#functions.map((fn, i) => `${this.#labels[i]}:${functionHash(String(fn))}`)
  }
}
