import { ArgumentError } from '../../errors.js'
import {
  ACCUMULATOR_ID,
  type Accumulator,
  type Additions,
  addInTask,
  type Gathering,
  mustNotRunInTask,
} from '../accumulator.js'
import { checkFunction } from '../functions/check-function.js'
import { guarded } from '../functions/guard.js'
import { RddBuilder } from './builder.js'

declare module './builder.js' {
  interface RddBuilder {
    /**
     * A number that tasks add to: `add(n)` in functions, `value` in the driver. In functions that travel as source pass
     * it with `withEnv({ acc }, fn)`. Exact in actions: an attempt that fails adds nothing, and of attempts of one task
     * only the one whose result is used counts. In transformations it adds once for each time a partition is computed,
     * which persist() and lost data change.
     *
     * ```ts
     * const bad = ctx.longAccumulator()
     * await ctx.parallelize([1, -1, -2]).foreach(withEnv({ bad }, (x) => { if (x < 0) bad.add(1) }))
     * await Promise.resolve(bad.value) // 2
     * ```
     */
    longAccumulator(): Accumulator<number>
    /**
     * As longAccumulator, with every value that was added, in the order in which tasks end. All values travel: for few.
     *
     * ```ts
     * const seen = ctx.collectionAccumulator<string>()
     * await ctx.parallelize(['a', 'b'], 1).foreach(withEnv({ seen }, (x) => seen.add(x)))
     * await Promise.resolve(seen.value) // ['a', 'b']
     * ```
     */
    collectionAccumulator<T>(): Accumulator<T, readonly T[]>
    /**
     * As longAccumulator, with a start value and a way of adding of its own: `add(acc, value)` runs in the driver for
     * every value that tasks added, in the order in which they end; it must not depend on that order.
     *
     * ```ts
     * const longest = ctx.accumulator('', (best: string, s: string) => (s.length > best.length ? s : best))
     * await ctx.parallelize(['a', 'abc', 'b']).foreach(withEnv({ longest }, (s) => longest.add(s)))
     * await Promise.resolve(longest.value) // 'abc'
     * ```
     */
    accumulator<T, R = T>(zero: R, add: (acc: R, value: T) => R): Accumulator<T, R>
  }
}

class DriverAccumulator<T, R> implements Accumulator<T, R> {
  readonly [ACCUMULATOR_ID]: number
  readonly gathering: Gathering
  readonly #add: (acc: R, value: T) => R
  #value: R

  constructor(id: number, gathering: Gathering, zero: R, add: (acc: R, value: T) => R) {
    this[ACCUMULATOR_ID] = id
    this.gathering = gathering
    this.#value = zero
    this.#add = add
  }

  get value(): R {
    mustNotRunInTask()
    return this.#value
  }

  add(value: T): void {
    if (!addInTask(this[ACCUMULATOR_ID], this.gathering, value)) this.#value = this.#add(this.#value, value)
  }

  /** Takes over what a task has added. */
  credit(added: unknown): void {
    const values = this.gathering === 'sum' ? [added] : (added as unknown[])
    for (const value of values) this.#value = this.#add(this.#value, value as T)
  }
}

const accumulators = new WeakMap<RddBuilder, DriverAccumulator<never, unknown>[]>()

function made<T, R>(
  builder: RddBuilder,
  gathering: Gathering,
  zero: R,
  add: (acc: R, value: T) => R,
): Accumulator<T, R> {
  const all = accumulators.get(builder) ?? []
  accumulators.set(builder, all)
  // Numbers follow the order of creation, so that a pipeline module has the same ones in every thread.
  const accumulator = new DriverAccumulator(all.length, gathering, zero, add)
  all.push(accumulator as DriverAccumulator<never, unknown>)
  return accumulator
}

/** Enters what a task has added. Called by the engine, once for each task whose result is used. */
export function creditAdditions(builder: RddBuilder, additions: Additions): void {
  const all = accumulators.get(builder) ?? []
  for (const [id, added] of additions) all[id]?.credit(added)
}

RddBuilder.prototype.longAccumulator = function () {
  return made(this, 'sum', 0, (a: number, b: number) => a + b)
}
RddBuilder.prototype.collectionAccumulator = function <T>() {
  return made<T, readonly T[]>(this, 'list', [], (list, value) => {
    ;(list as T[]).push(value)
    return list
  })
}
RddBuilder.prototype.accumulator = function <T, R>(zero: R, add: (acc: R, value: T) => R) {
  if (typeof add !== 'function') {
    throw new ArgumentError(
      `accumulator(zero, add) got ${typeof add} for add; it takes a function (acc, value) => acc.`,
    )
  }
  checkFunction(add, 'accumulator')
  return made(this, 'list', zero, guarded(add, 'value') as typeof add)
}
