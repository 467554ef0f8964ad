import { ArgumentError } from '../../errors.js'
import { canonical, hashKey, KeyedMap } from '../../values/keys.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { guarded } from '../functions/guard.js'
import { describe } from '../functions/plain-data.js'
import type { AnyFunction } from '../functions/ref.js'
import { asPair } from '../pair.js'
import type { Partitioner } from '../partitioner.js'
import { applyTo } from './actions.js'
import { pairs } from './rdd.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * Returns all values of a key. If the dataset is placed by key, only the key's own partition is computed. Rejects
     * with ArgumentError if a custom partitioner returns no partition for the key.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][]).lookup('a') // [1, 3]
     * ```
     */
    lookup(key: K): Promise<V[]>
    /**
     * How often each key occurs. Counts in the workers; the result is brought to the driver.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][]).countByKey() // Map { 'a' => 2, 'b' => 1 }
     * ```
     */
    countByKey(): Promise<Map<K, number>>
    /**
     * The values of each key reduced by `fn`, as a Map in the driver. Reduces in the workers first, without a shuffle:
     * for few keys.
     *
     * ```ts
     * const sums = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await sums.reduceByKeyLocally((x, y) => x + y) // Map { 'a' => 4, 'b' => 2 }
     * ```
     */
    reduceByKeyLocally(fn: (a: V, b: V) => V): Promise<Map<K, V>>
  }
}

/** Values by key, reduced. */
function reducedByKey(records: Iterable<unknown>, fn: AnyFunction, into = new KeyedMap<unknown>()): KeyedMap<unknown> {
  for (const record of records) {
    const [key, value] = asPair(record)
    into.set(key, into.has(key) ? fn(into.get(key), value) : value)
  }
  return into
}

defineBuiltin('valuesOfKey', (key: unknown, text: string | undefined) => {
  // Keys are equal as everywhere: composite ones by content, primitive ones as in a Map.
  const wanted = new Set([key])
  const isKey = (other: unknown) =>
    text === undefined ? wanted.has(other) : typeof other === 'object' && other !== null && canonical(other) === text
  return (records: Iterable<unknown>) =>
    Array.from(records, asPair).flatMap(([other, value]) => (isKey(other) ? [value] : []))
})
defineBuiltin('reduceLocally', (fn: AnyFunction) => (records: Iterable<unknown>) => [
  ...reducedByKey(records, fn).entries(),
])

/** The only partition that can have the key, where that is known without asking. */
function placeOf(partitioner: Partitioner | undefined, key: unknown): number | undefined {
  if (partitioner?.kind === 'hash') return hashKey(key) % partitioner.partitions
  if (partitioner?.kind !== 'custom') return undefined
  const { partitions, identity } = partitioner
  const place: unknown = guarded(identity, 'value')(key)
  if (Number.isInteger(place) && (place as number) >= 0 && (place as number) < partitions) return place as number
  throw new ArgumentError(
    `lookup: the partitioner placed the key in ${describe(place)}; it must return a whole number from 0 to ${partitions - 1}.`,
    { place },
  )
}

pairs.lookup = async function (key) {
  const isObject = typeof key === 'object' && key !== null
  const place = placeOf(this.partitioner, key)
  const partitions = place === undefined ? undefined : [place]
  return (
    await applyTo<unknown[]>(
      this,
      builtin('valuesOfKey', isObject ? undefined : key, isObject ? canonical(key) : undefined),
      'lookup',
      partitions,
    )
  ).flat(1)
}
pairs.countByKey = function () {
  return this.keys().countByValue()
}
pairs.reduceByKeyLocally = async function (fn) {
  checkFunction(fn, 'reduceByKeyLocally')
  const merge = guarded(fn, 'value')
  const all = new KeyedMap<unknown>()
  for (const part of await applyTo<unknown[]>(this, builtin('reduceLocally', fn), 'reduceByKeyLocally')) {
    reducedByKey(part, merge, all)
  }
  return new Map(all.entries())
}
