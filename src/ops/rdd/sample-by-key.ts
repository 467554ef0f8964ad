import { ArgumentError } from '../../errors.js'
import { KeyedMap } from '../../values/keys.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { describe } from '../functions/plain-data.js'
import { asPair } from '../pair.js'
import { anySeed, drawIndexes, poisson, random } from '../random.js'
import { ChainRdd } from './chain.js'
import { captured, face, pairs, type RDD, type Rdd } from './rdd.js'
import { checkFraction } from './sample.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * A part of the pairs, drawn by chance with the fraction of their key, as sample. `fractions` is a Map, or an object
     * where keys are texts; a key without a fraction fails the task. Narrow; keeps the partitioner.
     *
     * ```ts
     * const marks = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await marks.sampleByKey(false, { a: 1, b: 0 }).collect() // [['a', 1], ['a', 3]]
     * ```
     */
    sampleByKey(withReplacement: boolean, fractions: Fractions<K>, seed?: number): RDD<[K, V]>
    /**
     * As sampleByKey, but of each key exactly `fraction * n` of its n pairs, rounded up. Shuffle, unless keys are in
     * place; holds a partition in memory.
     *
     * ```ts
     * const marks = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await marks.sampleByKeyExact(false, { a: 0.5, b: 0.1 }).countByKey() // Map { 'a' => 1, 'b' => 1 }
     * ```
     */
    sampleByKeyExact(withReplacement: boolean, fractions: Fractions<K>, seed?: number): RDD<[K, V]>
  }
}

/** The fraction of each key; an object where keys are texts. */
export type Fractions<K> = ReadonlyMap<K, number> | Readonly<Record<string, number>>

type Pair = readonly [unknown, unknown]
type Entries = readonly (readonly [unknown, number])[]

function lookup(entries: Entries): (key: unknown) => number {
  const fractions = new KeyedMap<number>()
  for (const [key, fraction] of entries) fractions.set(key, fraction)
  return (key) => {
    const fraction = fractions.get(key)
    if (fraction !== undefined) return fraction
    throw new RangeError(
      `There is no fraction for the key ${typeof key === 'string' ? JSON.stringify(key) : describe(key)}; give one for every key of the dataset.`,
    )
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
/** All pairs of a key are here. The numbers depend on the key, so that the sample does not on the partitions. */
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
      // 0.1 * 30 is a little more than 3: what is over by rounding is not one more.
      const wanted = Math.ceil(fractionOf(key) * stratum.length - 1e-9)
      return drawIndexes(wanted, stratum.length, withReplacement, random(seed, key)).map((i) => stratum[i]!)
    })
  }
})

function sampling(label: 'sampleByKey' | 'sampleByKeyExact', name: string) {
  return function (
    this: Rdd<unknown>,
    withReplacement: boolean,
    fractions: Fractions<unknown>,
    seed: number = anySeed(),
  ): RDD<[unknown, unknown]> {
    if (typeof fractions !== 'object' || fractions === null) {
      throw new ArgumentError(`${label} got ${fractions} for the fractions; it takes a Map or an object by key.`)
    }
    const entries = fractions instanceof Map ? [...fractions] : Object.entries(fractions)
    for (const [, fraction] of entries) checkFraction(label, fraction, withReplacement)
    const pairs = this as RDD<[unknown, unknown]>
    const parent = label === 'sampleByKey' ? pairs : pairs.partitionBy(this.partitioner ?? this.context.parallelism)
    const fn = captured(this, builtin(name, entries, withReplacement, seed), label)
    return face(new ChainRdd<[unknown, unknown]>(parent, { op: 'mapPartitions', fn, label }, parent.partitioner))
  }
}
pairs.sampleByKey = sampling('sampleByKey', 'sampleByKey')
pairs.sampleByKeyExact = sampling('sampleByKeyExact', 'sampleExactly')
