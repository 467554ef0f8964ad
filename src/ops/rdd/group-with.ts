import { CogroupRdd, meetingPlace } from './join.js'
import { operand } from './operand.js'
import { face, pairs, type RDD, type Rdd } from './rdd.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * For each key of any of them, the values of all: `[key, [mine, theirs, ...]]`. Shuffles each that is not in place.
     *
     * ```ts
     * const ages = ctx.parallelize([['ann', 31]] as [string, number][])
     * const towns = ctx.parallelize([['ann', 'Bern']] as [string, string][])
     * await ages.groupWith(towns, towns).collect() // [['ann', [[31], ['Bern'], ['Bern']]]]
     * ```
     */
    groupWith<W>(other: Rdd<readonly [K, W]>): RDD<[K, [V[], W[]]]>
    groupWith<W, X>(second: Rdd<readonly [K, W]>, third: Rdd<readonly [K, X]>): RDD<[K, [V[], W[], X[]]]>
    groupWith<W, X, Y>(
      second: Rdd<readonly [K, W]>,
      third: Rdd<readonly [K, X]>,
      fourth: Rdd<readonly [K, Y]>,
    ): RDD<[K, [V[], W[], X[], Y[]]]>
  }
}

pairs.groupWith = function (this: Rdd<unknown>, ...others: Rdd<unknown>[]) {
  const parents = [this, ...others.map((other) => operand(this, other, 'groupWith'))]
  return face(new CogroupRdd(parents, meetingPlace(parents)))
}
