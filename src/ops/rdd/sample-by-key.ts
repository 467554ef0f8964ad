import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { KeyedMap } from '../../values/keys.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { asPair } from '../pair.js'
import { anySeed, drawIndexes, poisson, random } from '../random.js'
import { partitionBy } from './by-key.js'
import { ChainRdd } from './chain.js'
import { type BaseRdd, facade, nodeOf, pairs, type RDD } from './facade.js'
import { captured } from './rdd.js'
import { checkFraction } from './sample.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Draws a random part of the pairs, each with the fraction of its key, as sample does. Narrow; keeps the
     * partitioner. `fractions` is a Map, or an object if keys are texts. A key without a fraction fails the task.
     *
     * ```ts
     * const marks = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await marks.sampleByKey(false, { a: 1, b: 0 }).collect() // [['a', 1], ['a', 3]]
     * ```
     *
     * @throws ArgumentError if a fraction is out of range.
     */
    sampleByKey(withReplacement: boolean, fractions: Fractions<K>, seed?: number): RDD<[K, V]>
    /**
     * Draws exactly `fraction * n`, rounded up, of the n pairs of each key. Shuffle, unless the dataset is already
     * partitioned by key; holds one partition in memory. Otherwise as sampleByKey.
     *
     * ```ts
     * const marks = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await marks.sampleByKeyExact(false, { a: 0.5, b: 0.1 }).countByKey() // Map { 'a' => 1, 'b' => 1 }
     * ```
     *
     * @throws ArgumentError if a fraction is out of range.
     */
    sampleByKeyExact(withReplacement: boolean, fractions: Fractions<K>, seed?: number): RDD<[K, V]>
  }
}

/** The fraction of each key; an object if keys are texts. */
export type Fractions<K> = ReadonlyMap<K, number> | Readonly<Record<string, number>>

type Pair = readonly [unknown, unknown]
type Entries = readonly (readonly [unknown, number])[]

function lookup(entries: Entries): (key: unknown) => number {
  const fractions = new KeyedMap<number>()
  for (const [key, fraction] of entries) fractions.set(key, fraction)
  return (key) => {
    const fraction = fractions.get(key)
    if (fraction !== undefined) return fraction
    throw new RangeError(`The key ${describe(key)} has no fraction. Pass one for every key of the dataset.`)
  }
}

defineBuiltin('sampleByKey', (entries: Entries, withReplacement: boolean, seed: number) => {
  const fractionOf = lookup(entries)
  return (records: Iterable<Pair>, partition: number) => {
    const next = random(seed, partition)
    return Array.from(records).flatMap((pair) => {
      const fraction = fractionOf(asPair(pair)[0])
      if (withReplacement) return Array.from({ length: poisson(fraction, next) }, () => pair)
      return next() < fraction ? [pair] : []
    })
  }
})
/**
 * All pairs of a key are in one partition. The seed includes the key, so the sample does not depend on the
 * partitioning.
 */
defineBuiltin('sampleExactly', (entries: Entries, withReplacement: boolean, seed: number) => {
  const fractionOf = lookup(entries)
  return (records: Iterable<Pair>) => {
    const strata = new KeyedMap<Pair[]>()
    for (const pair of records) {
      const stratum = strata.get(pair[0])
      if (stratum) stratum.push(pair)
      else strata.set(pair[0], [pair])
    }
    return Array.from(strata.entries()).flatMap(([key, stratum]) => {
      // 0.1 * 30 is a little more than 3, and this rounding error must not add a pair.
      const wanted = Math.ceil(fractionOf(key) * stratum.length - 1e-9)
      return drawIndexes(wanted, stratum.length, withReplacement, random(seed, key)).map((i) => stratum[i]!)
    })
  }
})

function sampling(label: 'sampleByKey' | 'sampleByKeyExact', name: string) {
  return function (
    this: BaseRdd<unknown>,
    withReplacement: boolean,
    fractions: Fractions<unknown>,
    seed: number = anySeed(),
  ): RDD<[unknown, unknown]> {
    if (typeof fractions !== 'object' || fractions === null) {
      throw new ArgumentError(
        `${label} got ${describe(fractions)} for the fractions; it takes a Map or an object by key.`,
      )
    }
    const entries = fractions instanceof Map ? [...fractions] : Object.entries(fractions)
    for (const [, fraction] of entries) checkFraction(label, fraction, withReplacement)
    const rdd = nodeOf(this as BaseRdd<[unknown, unknown]>)
    const parent = label === 'sampleByKey' ? rdd : partitionBy(rdd, rdd.partitioner ?? rdd.context.parallelism)
    const fn = captured(rdd, builtin(name, entries, withReplacement, seed), label)
    return facade(new ChainRdd<[unknown, unknown]>(parent, { op: 'mapPartitions', fn, label }, parent.partitioner))
  }
}
pairs.sampleByKey = sampling('sampleByKey', 'sampleByKey')
pairs.sampleByKeyExact = sampling('sampleByKeyExact', 'sampleExactly')
