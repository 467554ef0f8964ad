import { builtin, defineBuiltin } from '../functions/builtin.js'
import { hashPartitioner, type Partitioner, samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { step } from './elementwise.js'
import { operand } from './operand.js'
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

/**
 * Where the keys of several parents meet if nobody says: where those with most partitions are placed already. But not if
 * the others have ten times as many: it is cheaper then to shuffle the small one than to squeeze the large ones.
 */
export function meetingPlace(parents: readonly Rdd<unknown>[]): Partitioner {
  const [first] = parents as readonly [Rdd<unknown>]
  const most = Math.max(...parents.map(({ partitions }) => partitions))
  const placed = parents.flatMap(({ partitioner }) => partitioner ?? []).sort((a, b) => b.partitions - a.partitions)[0]
  if (!placed) return toPartitioner(first, undefined)
  if (most < 10 * placed.partitions) return placed
  return hashPartitioner(most)
}

/** cogroup of pairs, by the partitioner asked for, else where `meetingPlace` says. */
export function cogroup(left: Rdd<unknown>, right: Rdd<unknown>, partitions?: Partitions): Rdd<[unknown, unknown[][]]> {
  const parents = [left, right]
  return new CogroupRdd(parents, partitions === undefined ? meetingPlace(parents) : toPartitioner(left, partitions))
}

function joining(label: string, keepLeft: boolean, keepRight: boolean) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: Rdd<unknown>, other: Rdd<unknown>, partitions?: Partitions): any {
    const grouped = cogroup(this, operand(this, other, label), partitions)
    return step(grouped, 'flatMapValues', builtin('joinSides', keepLeft, keepRight), label)
  }
}

pairs.cogroup = function (other, partitions) {
  return face(cogroup(this, operand(this, other, 'cogroup'), partitions)) as never
}
pairs.join = joining('join', false, false)
pairs.leftOuterJoin = joining('leftOuterJoin', true, false)
pairs.rightOuterJoin = joining('rightOuterJoin', false, true)
pairs.fullOuterJoin = joining('fullOuterJoin', true, true)
