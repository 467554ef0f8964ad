import { type BaseRdd, facade, nodeOf, pairs, type RDD } from './facade.js'
import { CogroupRdd, commonPartitioner } from './join.js'
import { operand } from './operand.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    groupWith<W>(other: BaseRdd<readonly [K, W]>): RDD<[K, [V[], W[]]]>
    groupWith<W, X>(second: BaseRdd<readonly [K, W]>, third: BaseRdd<readonly [K, X]>): RDD<[K, [V[], W[], X[]]]>
    /**
     * Groups the values of up to four datasets by key: `[key, [mine, theirs, ...]]` for each key of any. Shuffles each
     * dataset that is not already partitioned like the result.
     *
     * ```ts
     * const ages = ctx.parallelize([['ann', 31]] as [string, number][])
     * const towns = ctx.parallelize([['ann', 'Bern']] as [string, string][])
     * await ages.groupWith(towns, towns).collect() // [['ann', [[31], ['Bern'], ['Bern']]]]
     * ```
     */
    groupWith<W, X, Y>(
      second: BaseRdd<readonly [K, W]>,
      third: BaseRdd<readonly [K, X]>,
      fourth: BaseRdd<readonly [K, Y]>,
    ): RDD<[K, [V[], W[], X[], Y[]]]>
  }
}

pairs.groupWith = function (...others: BaseRdd<unknown>[]) {
  const rdd = nodeOf(this)
  const parents = [rdd, ...others.map((other) => operand(rdd, other, 'groupWith'))]
  return facade(new CogroupRdd(parents, commonPartitioner(parents)))
}
