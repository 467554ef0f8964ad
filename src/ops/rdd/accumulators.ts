import { AsyncLocalStorage } from 'node:async_hooks'
import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import {
  ACCUMULATOR_ID,
  type Accumulator,
  type Additions,
  addInTask,
  mustNotRunInTask,
  type NumberedAccumulator,
} from '../accumulator.js'
import { checkFunction } from '../functions/check-function.js'
import { inDriver } from '../functions/in-driver.js'
import type { Gathering } from '../functions/ref.js'
import { contextOf, RddBuilder } from './builder.js'
import type { RddContext } from './context.js'

declare module './builder.js' {
  interface RddBuilder {
    /**
     * Creates a number that tasks add to: functions call `add(n)`, the driver reads `value`. Runs no job. Functions
     * that are shipped as source receive it through `withEnv({ acc }, fn)`. Exact in actions: a failed attempt adds
     * nothing, and of several attempts of one task only the first whose result is used counts. In transformations it
     * adds whenever a partition is computed, so persist() and lost data change the total.
     *
     * With a `name`, unique in its context, and checkpoints, the value survives the process: a restart counts each addition of a batch once.
     *
     * ```ts
     * const bad = ctx.longAccumulator()
     * await ctx.parallelize([1, -1, -2]).foreach(withEnv({ bad }, (x) => { if (x < 0) bad.add(1) }))
     * await Promise.resolve(bad.value) // 2
     * ```
     */
    longAccumulator(name?: string): Accumulator<number>
    /**
     * Creates a list of the values that tasks add, in the order in which the tasks end. Runs no job. Otherwise as
     * longAccumulator. Every value is sent to the driver, so use it for few values.
     *
     * ```ts
     * const seen = ctx.collectionAccumulator<string>()
     * await ctx.parallelize(['a', 'b'], 1).foreach(withEnv({ seen }, (x) => seen.add(x)))
     * await Promise.resolve(seen.value) // ['a', 'b']
     * ```
     */
    collectionAccumulator<T>(name?: string): Accumulator<T, readonly T[]>
    /**
     * Creates an accumulator with a start value and a function of your own. Runs no job. `add(acc, value)` runs in the
     * driver for every value that tasks added, in the order in which the tasks end. Its result must not depend on that
     * order. Otherwise as longAccumulator.
     *
     * ```ts
     * const longest = ctx.accumulator('', (best: string, s: string) => (s.length > best.length ? s : best))
     * await ctx.parallelize(['a', 'abc', 'b']).foreach(withEnv({ longest }, (s) => longest.add(s)))
     * await Promise.resolve(longest.value) // 'abc'
     * ```
     *
     * @throws ArgumentError unless `add` is a function.
     */
    accumulator<T, R = T>(zero: R, add: (acc: R, value: T) => R, name?: string): Accumulator<T, R>
  }
}

/** Set where code runs again whose additions to accumulators with a name were restored. */
const restoredAdditions = new AsyncLocalStorage<true>()

/** Runs what an earlier process has run, and whose additions to accumulators with a name were restored: they do not count again. */
export function withAdditionsRestored<R>(run: () => R): R {
  return restoredAdditions.run(true, run)
}

/** Whether the caller runs within `withAdditionsRestored`. */
export function areAdditionsRestored(): boolean {
  return restoredAdditions.getStore() === true
}

class DriverAccumulator<T, R> implements NumberedAccumulator<T, R> {
  readonly [ACCUMULATOR_ID]: number
  readonly gathering: Gathering
  readonly #add: (acc: R, value: T) => R
  readonly #isNamed: boolean
  #value: R
  #revision = 0

  constructor(id: number, gathering: Gathering, zero: R, add: (acc: R, value: T) => R, isNamed: boolean) {
    this[ACCUMULATOR_ID] = id
    this.gathering = gathering
    this.#value = zero
    this.#add = add
    this.#isNamed = isNamed
  }

  /** The number of changes in this process. */
  get revision(): number {
    return this.#revision
  }

  get value(): R {
    mustNotRunInTask()
    return this.#value
  }

  add(value: T): void {
    if (!addInTask(this[ACCUMULATOR_ID], this.gathering, value)) this.#change([value], areAdditionsRestored())
  }

  /** Sets the value that an earlier process had. */
  restore(value: unknown): void {
    this.#value = value as R
  }

  /** Adds the additions of a task. `areRestored`: an earlier process had a task that made them. */
  credit(added: unknown, areRestored: boolean): void {
    this.#change((this.gathering === 'sum' ? [added] : added) as T[], areRestored)
  }

  #change(values: readonly T[], areRestored: boolean): void {
    if (areRestored && this.#isNamed) return
    for (const value of values) this.#value = this.#add(this.#value, value)
    this.#revision++
  }
}

/** Accumulators with a name, and the values that earlier processes had of those that are not created yet. */
interface NamedAccumulators {
  readonly created: Map<string, DriverAccumulator<never, unknown>>
  readonly saved: Map<string, unknown>
}

const named = new WeakMap<RddContext, NamedAccumulators>()

function namedOf(context: RddContext): NamedAccumulators {
  const known = named.get(context) ?? { created: new Map(), saved: new Map() }
  named.set(context, known)
  return known
}

/** Returns the values of all accumulators with a name, for a checkpoint. */
export function namedValues(context: RddContext): [name: string, value: unknown][] {
  const { created, saved } = namedOf(context)
  return [...saved, ...[...created].map(([name, { value }]): [string, unknown] => [name, value])]
}

/** Returns the values of the accumulators with a name that were changed in this process, and the number of changes. */
export function changedValues(context: RddContext): [name: string, value: unknown, revision: number][] {
  return [...namedOf(context).created]
    .filter(([, { revision }]) => revision > 0)
    .map(([name, { value, revision }]) => [name, value, revision])
}

/** Whether there are accumulators with a name, created or restored. */
export function hasNamed(context: RddContext): boolean {
  const { created, saved } = namedOf(context)
  return created.size + saved.size > 0
}

/** Sets the values of a checkpoint. Those of accumulators that do not exist wait for them. */
export function restoreNamed(context: RddContext, values: readonly (readonly [name: string, value: unknown])[]): void {
  const { created, saved } = namedOf(context)
  for (const [name, value] of values) {
    const accumulator = created.get(name)
    if (accumulator) accumulator.restore(value)
    else saved.set(name, value)
  }
}

function register(context: RddContext, name: string, accumulator: DriverAccumulator<never, unknown>): void {
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError(`The name of an accumulator is ${describe(name)}; it must be a text that is not empty.`)
  }
  const { created, saved } = namedOf(context)
  if (created.has(name))
    throw new ArgumentError(`The accumulator ${describe(name)} exists already. Each needs a name of its own.`, { name })
  created.set(name, accumulator)
  if (saved.has(name)) accumulator.restore(saved.get(name))
  saved.delete(name)
}

const accumulators = new WeakMap<RddContext, DriverAccumulator<never, unknown>[]>()

function create<T, R>(
  builder: RddBuilder,
  gathering: Gathering,
  zero: R,
  add: (acc: R, value: T) => R,
  name: string | undefined,
): Accumulator<T, R> {
  const context = contextOf(builder)
  const all = accumulators.get(context) ?? []
  accumulators.set(context, all)
  // Ids follow the order of creation, so a pipeline module has the same ids in every thread.
  const accumulator = new DriverAccumulator(all.length, gathering, zero, add, name !== undefined)
  if (name !== undefined) register(context, name, accumulator as DriverAccumulator<never, unknown>)
  all.push(accumulator as DriverAccumulator<never, unknown>)
  return accumulator
}

/**
 * Adds the additions of a task to the driver's totals. The engine calls it once for each task whose result is used.
 * `areRestored`: its job ran within `withAdditionsRestored`.
 */
export function creditAdditions(context: RddContext, additions: Additions, areRestored: boolean): void {
  const all = accumulators.get(context) ?? []
  for (const [id, added] of additions) all[id]?.credit(added, areRestored)
}

RddBuilder.prototype.longAccumulator = function (name) {
  return create(this, 'sum', 0, (a: number, b: number) => a + b, name)
}
RddBuilder.prototype.collectionAccumulator = function <T>(name?: string) {
  const push = (list: readonly T[], value: T) => {
    ;(list as T[]).push(value)
    return list
  }
  return create<T, readonly T[]>(this, 'list', [], push, name)
}
RddBuilder.prototype.accumulator = function <T, R>(zero: R, add: (acc: R, value: T) => R, name?: string) {
  if (typeof add !== 'function') {
    throw new ArgumentError(
      `accumulator(zero, add) got ${typeof add} for add; it takes a function (acc, value) => acc.`,
    )
  }
  checkFunction(add, 'accumulator')
  return create(this, 'list', zero, inDriver(add, 'accumulator'), name)
}
