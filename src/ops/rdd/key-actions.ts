import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { canonical, hashKey, KeyedMap } from '../../values/keys.js'
import type { Partitioner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { inDriver } from '../functions/in-driver.js'
import type { AnyFunction } from '../functions/ref.js'
import { asPair } from '../pair.js'
import { applyTo, countByValue } from './actions.js'
import { step } from './elementwise.js'
import { nodeOf, pairs } from './facade.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Returns all values of a key. Action. If the dataset is partitioned by key, computes only the key's partition.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][]).lookup('a') // [1, 3]
     * ```
     *
     * @throws ArgumentError (rejects) if a custom partitioner returns no valid partition for the key.
     */
    lookup(key: K): Promise<V[]>
    /**
     * Counts the pairs of each key. Action with a shuffle; the counts are returned to the driver.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][]).countByKey() // Map { 'a' => 2, 'b' => 1 }
     * ```
     */
    countByKey(): Promise<Map<K, number>>
    /**
     * Reduces the values of each key with `fn` to a Map in the driver. Action without a shuffle: for few keys. Workers
     * reduce each partition first.
     *
     * ```ts
     * const sums = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await sums.reduceByKeyLocally((x, y) => x + y) // Map { 'a' => 4, 'b' => 2 }
     * ```
     */
    reduceByKeyLocally(fn: (a: V, b: V) => V): Promise<Map<K, V>>
  }
}

/** Reduces values by key. */
function reducedByKey(records: Iterable<unknown>, fn: AnyFunction, into = new KeyedMap<unknown>()): KeyedMap<unknown> {
  for (const record of records) {
    const [key, value] = asPair(record)
    into.set(key, into.has(key) ? fn(into.get(key), value) : value)
  }
  return into
}

defineBuiltin('valuesOfKey', (key: unknown, text: string | undefined) => {
  // As in all operations, composite keys are equal by content, and primitive keys as in a Map.
  const wanted = new Set([key])
  const isKey = (other: unknown) =>
    text === undefined ? wanted.has(other) : typeof other === 'object' && other !== null && canonical(other) === text
  return (records: Iterable<unknown>) =>
    Array.from(records, asPair).flatMap(([other, value]) => (isKey(other) ? [value] : []))
})
defineBuiltin('reduceLocally', (fn: AnyFunction) => (records: Iterable<unknown>) => [
  ...reducedByKey(records, fn).entries(),
])

/** Returns the only partition that may have the key; undefined if the partitioner does not determine it. */
function partitionOfKey(partitioner: Partitioner | undefined, key: unknown): number | undefined {
  if (partitioner?.kind === 'hash') return hashKey(key) % partitioner.partitions
  if (partitioner?.kind !== 'custom') return undefined
  const { partitions, identity } = partitioner
  const place: unknown = inDriver(identity, 'lookup')(key)
  if (Number.isInteger(place) && (place as number) >= 0 && (place as number) < partitions) return place as number
  throw new ArgumentError(
    `lookup: the partitioner returned ${describe(place)} for the key; it must return a whole number from 0 to ${partitions - 1}.`,
    { place },
  )
}

pairs.lookup = async function (key) {
  const rdd = nodeOf(this)
  const isObject = typeof key === 'object' && key !== null
  const place = partitionOfKey(rdd.partitioner, key)
  const partitions = place === undefined ? undefined : [place]
  const find = builtin('valuesOfKey', isObject ? undefined : key, isObject ? canonical(key) : undefined)
  return (await applyTo<unknown[]>(rdd, find, 'lookup', partitions)).flat(1)
}
pairs.countByKey = async function () {
  return await countByValue(step(nodeOf(this), 'map', builtin('keyOf'), 'keys'))
}
pairs.reduceByKeyLocally = async function (fn) {
  checkFunction(fn, 'reduceByKeyLocally')
  const merge = inDriver(fn, 'reduceByKeyLocally')
  const all = new KeyedMap<unknown>()
  for (const part of await applyTo<unknown[]>(nodeOf(this), builtin('reduceLocally', fn), 'reduceByKeyLocally')) {
    reducedByKey(part, merge, all)
  }
  return new Map(all.entries())
}
