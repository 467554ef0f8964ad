import { builtin, defineBuiltin } from '../functions/builtin.js'
import { type Partitioner, samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { step } from './elementwise.js'
import { type Dependency, face, type Planner, pairs, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /** For each key of either side, the values of both: `[key, [mine, theirs]]`. Shuffles each side that is not in place. */
    cogroup<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V[], W[]]]>
    /**
     * All pairs of values with equal keys. Shuffles each side that is not in place; holds both sides of a partition.
     *
     * ```ts
     * await ctx.parallelize([['a', 1]] as [string, number][]).join(ctx.parallelize([['a', 'x']] as [string, string][])).collect()
     * // [['a', [1, 'x']]]
     * ```
     */
    join<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V, W]]>
    /** As join, and my pairs without partner with `undefined`. */
    leftOuterJoin<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V, W | undefined]]>
    /** As join, and their pairs without partner with `undefined`. */
    rightOuterJoin<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V | undefined, W]]>
    /** As join, and the pairs without partner of both sides with `undefined`. */
    fullOuterJoin<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V | undefined, W | undefined]]>
  }
}

/** Values of several parents by key. A parent that is already placed by the same partitioner is read as it is. */
export class CogroupRdd extends Rdd<[unknown, unknown[][]]> {
  readonly partitions: number
  readonly dependencies: readonly Dependency[]

  constructor(parents: readonly Rdd<unknown>[], partitioner: Partitioner) {
    const context = parents[0]!.context
    super(context, 'cogroup', partitioner)
    this.partitions = partitioner.partitions
    this.dependencies = parents.map((rdd) =>
      samePartitioner(rdd.partitioner, partitioner)
        ? { kind: 'narrow', rdd }
        : { kind: 'shuffle', id: context.nextShuffleId(), rdd, partitioner },
    )
  }

  plan(partition: number, planner: Planner): Plan {
    const of = this.dependencies.map(
      (d): Plan =>
        d.kind === 'narrow' ? planner.of(d.rdd, partition) : { op: 'merge', slot: planner.shuffle(d, partition) },
    )
    return { op: 'cogroup', of }
  }
}

type Sides = readonly [readonly unknown[], readonly unknown[]]

/** The cross product of both sides; a side that is kept although empty counts as one `undefined`. */
defineBuiltin('joinSides', (keepLeft: boolean, keepRight: boolean) => ([left, right]: Sides) => {
  const lefts = left.length === 0 && keepRight ? [undefined] : left
  const rights = right.length === 0 && keepLeft ? [undefined] : right
  const out: [unknown, unknown][] = []
  for (const l of lefts) for (const r of rights) out.push([l, r])
  return out
})

/** cogroup of pairs, by the partitioner asked for, else the first one that either side has. */
export function cogroup(left: Rdd<unknown>, right: Rdd<unknown>, partitions?: Partitions): Rdd<[unknown, unknown[][]]> {
  const partitioner =
    partitions === undefined && !left.partitioner ? toPartitioner(right, undefined) : toPartitioner(left, partitions)
  return new CogroupRdd([left, right], partitioner)
}

function joining(label: string, keepLeft: boolean, keepRight: boolean) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: Rdd<unknown>, other: Rdd<unknown>, partitions?: Partitions): any {
    return step(cogroup(this, other, partitions), 'flatMapValues', builtin('joinSides', keepLeft, keepRight), label)
  }
}

pairs.cogroup = function (other, partitions) {
  return face(cogroup(this, other, partitions)) as never
}
pairs.join = joining('join', false, false)
pairs.leftOuterJoin = joining('leftOuterJoin', true, false)
pairs.rightOuterJoin = joining('rightOuterJoin', false, true)
pairs.fullOuterJoin = joining('fullOuterJoin', true, true)
