import { hashPartitioner, type Partitioner, samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { operand } from './operand.js'
import { type Dependency, face, type Planner, pairs, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /** For each key of either side, the values of both: `[key, [mine, theirs]]`. Shuffles each side that is not in place. */
    cogroup<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V[], W[]]]>
    /**
     * All pairs of values with equal keys, in the order of my pairs. Shuffles each side that is not in place; holds the
     * other side of a partition, so let the larger one be mine.
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

  constructor(parents: readonly Rdd<unknown>[], partitioner: Partitioner, label = 'cogroup') {
    const context = parents[0]!.context
    super(context, label, partitioner)
    this.partitions = partitioner.partitions
    this.dependencies = parents.map((rdd) =>
      samePartitioner(rdd.partitioner, partitioner)
        ? { kind: 'narrow', rdd }
        : { kind: 'shuffle', id: context.nextShuffleId(), rdd, partitioner },
    )
  }

  plan(partition: number, planner: Planner): Plan {
    return { op: 'cogroup', of: this.sides(partition, planner) }
  }

  protected sides(partition: number, planner: Planner): Plan[] {
    return this.dependencies.map((d) =>
      d.kind === 'narrow' ? planner.of(d.rdd, partition) : { op: 'merge', slot: planner.shuffle(d, partition) },
    )
  }
}

/** Of each join, which side's pairs are kept where the other has none of their key. */
const KEPT = {
  join: { left: false, right: false },
  leftOuterJoin: { left: true, right: false },
  rightOuterJoin: { left: false, right: true },
  fullOuterJoin: { left: true, right: true },
} as const
export type JoinName = keyof typeof KEPT

/** All pairs of values with equal keys, in the order of the left side; placed as cogroup. */
class JoinRdd extends CogroupRdd {
  readonly #name: JoinName

  constructor(parents: readonly Rdd<unknown>[], partitioner: Partitioner, name: JoinName) {
    super(parents, partitioner, name)
    this.#name = name
  }

  override plan(partition: number, planner: Planner): Plan {
    const [left, right] = this.sides(partition, planner)
    const kept = KEPT[this.#name]
    return { op: 'join', of: [left!, right!], keepLeft: kept.left, keepRight: kept.right }
  }
}

/**
 * The partitioner of an operation over several parents that is given none: the one that places most partitions already.
 * But if another parent has ten times as many and the default number is larger too, it is cheaper to shuffle the small
 * placed one than to squeeze the large ones. The default number is `parallelism` where the user chose one, else that of
 * the largest parent.
 */
export function meetingPlace(parents: readonly Rdd<unknown>[]): Partitioner {
  const { parallelism, parallelismGiven } = parents[0]!.context
  const placed = parents.flatMap(({ partitioner }) => partitioner ?? []).sort((a, b) => b.partitions - a.partitions)[0]
  if (!placed) return hashPartitioner(parallelism)
  const largest = Math.max(...parents.map(({ partitions }) => partitions))
  const number = parallelismGiven ? parallelism : largest
  return largest < 10 * placed.partitions || number <= placed.partitions ? placed : hashPartitioner(number)
}

/** cogroup of pairs, by the partitioner asked for, else where `meetingPlace` says. */
export function cogroup(left: Rdd<unknown>, right: Rdd<unknown>, partitions?: Partitions): Rdd<[unknown, unknown[][]]> {
  return new CogroupRdd([left, right], placeOf(left, right, partitions))
}

/** join of pairs, placed as cogroup. */
export function join(left: Rdd<unknown>, right: Rdd<unknown>, name: JoinName, partitions?: Partitions): Rdd<unknown> {
  return new JoinRdd([left, right], placeOf(left, right, partitions), name)
}

function placeOf(left: Rdd<unknown>, right: Rdd<unknown>, partitions: Partitions | undefined): Partitioner {
  return partitions === undefined ? meetingPlace([left, right]) : toPartitioner(left, partitions)
}

function joining(name: JoinName) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: Rdd<unknown>, other: Rdd<unknown>, partitions?: Partitions): any {
    return face(join(this, operand(this, other, name), name, partitions))
  }
}

pairs.cogroup = function (other, partitions) {
  return face(cogroup(this, operand(this, other, 'cogroup'), partitions)) as never
}
pairs.join = joining('join')
pairs.leftOuterJoin = joining('leftOuterJoin')
pairs.rightOuterJoin = joining('rightOuterJoin')
pairs.fullOuterJoin = joining('fullOuterJoin')
