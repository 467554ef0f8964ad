import type { Dependency, Partitioner, Planner } from '../dataset.js'
import { hashPartitioner, samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { type BaseRdd, facade, nodeOf, pairs, type RDD } from './facade.js'
import { operand } from './operand.js'
import { Rdd } from './rdd.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Groups the values of both datasets by key: `[key, [mine, theirs]]` for each key of either. Shuffles each side
     * that is not already partitioned like the result.
     *
     * ```ts
     * const ages = ctx.parallelize([['ann', 31]] as [string, number][])
     * const towns = ctx.parallelize([['ann', 'Bern']] as [string, string][])
     * await ages.cogroup(towns).collect() // [['ann', [[31], ['Bern']]]]
     * ```
     */
    cogroup<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V[], W[]]]>
    /**
     * Joins pairs with equal keys, in the order of this dataset: `[key, [mine, theirs]]`. Shuffles each side that is
     * not already partitioned like the result. Holds one partition of the other side in memory, so call it on the
     * larger dataset.
     *
     * ```ts
     * await ctx.parallelize([['a', 1]] as [string, number][]).join(ctx.parallelize([['a', 'x']] as [string, string][])).collect()
     * // [['a', [1, 'x']]]
     * ```
     */
    join<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V, W]]>
    /**
     * Joins like `join`, and also returns this dataset's pairs without a partner, with `undefined`. Shuffles as `join`
     * does.
     *
     * ```ts
     * const ages = ctx.parallelize([['ann', 31]] as [string, number][])
     * await ages.leftOuterJoin(ctx.parallelize<[string, string]>([])).collect() // [['ann', [31, undefined]]]
     * ```
     */
    leftOuterJoin<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V, W | undefined]]>
    /**
     * Joins like `join`, and also returns the other dataset's pairs without a partner, with `undefined`. Shuffles as
     * `join` does.
     *
     * ```ts
     * const towns = ctx.parallelize([['bob', 'Bern']] as [string, string][])
     * await ctx.parallelize<[string, number]>([]).rightOuterJoin(towns).collect() // [['bob', [undefined, 'Bern']]]
     * ```
     */
    rightOuterJoin<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V | undefined, W]]>
    /**
     * Joins like `join`, and also returns both datasets' pairs without a partner, with `undefined`. Shuffles as `join`
     * does.
     *
     * ```ts
     * const ages = ctx.parallelize([['ann', 31]] as [string, number][])
     * const towns = ctx.parallelize([['bob', 'Bern']] as [string, string][])
     * await ages.fullOuterJoin(towns, 1).collect() // [['ann', [31, undefined]], ['bob', [undefined, 'Bern']]]
     * ```
     */
    fullOuterJoin<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, [V | undefined, W | undefined]]>
  }
}

/**
 * Groups the values of several parents by key. Reads a parent without a shuffle if the same partitioner already
 * partitions it.
 */
export class CogroupRdd extends Rdd<[unknown, unknown[][]]> {
  readonly partitions: number

  constructor(parents: readonly Rdd<unknown>[], partitioner: Partitioner, label = 'cogroup') {
    const context = parents[0]!.context
    const dependencies = parents.map(
      (rdd): Dependency =>
        samePartitioner(rdd.partitioner, partitioner)
          ? { kind: 'narrow', rdd }
          : { kind: 'shuffle', id: context.nextShuffleId(), rdd, partitioner, label },
    )
    super(context, label, dependencies, partitioner)
    this.partitions = partitioner.partitions
  }

  protected describe(partition: number, planner: Planner): Plan {
    return { op: 'cogroup', of: this.sides(partition, planner) }
  }

  protected sides(partition: number, planner: Planner): Plan[] {
    return this.dependencies.map((d) =>
      d.kind === 'narrow' ? planner.of(d.rdd, partition) : { op: 'merge', input: planner.shuffle(d, partition) },
    )
  }
}

interface Keeps {
  readonly keepMet: boolean
  readonly keepLeft: boolean
  readonly keepRight: boolean
}

/** For each join, the sides whose pairs without a partner it returns. */
const KEEPS = {
  join: { keepMet: true, keepLeft: false, keepRight: false },
  leftOuterJoin: { keepMet: true, keepLeft: true, keepRight: false },
  rightOuterJoin: { keepMet: true, keepLeft: false, keepRight: true },
  fullOuterJoin: { keepMet: true, keepLeft: true, keepRight: true },
}
const ALONE: Keeps = { keepMet: false, keepLeft: true, keepRight: false }
export type JoinName = keyof typeof KEEPS

/** Joins pairs with equal keys, in the order of the left side; partitioned like cogroup. */
class JoinRdd extends CogroupRdd {
  readonly #keeps: Keeps

  constructor(parents: readonly Rdd<unknown>[], partitioner: Partitioner, name: string, keeps: Keeps) {
    super(parents, partitioner, name)
    this.#keeps = keeps
  }

  protected override describe(partition: number, planner: Planner): Plan {
    const [left, right] = this.sides(partition, planner)
    return { op: 'join', of: [left!, right!], ...this.#keeps }
  }
}

/**
 * Returns the default partitioner of an operation over several parents: the one that already partitions a parent and
 * has most partitions. Exception: if another parent has ten times as many partitions, and the default number is larger
 * too, shuffling the small parent is cheaper than squeezing the large ones. The default number is `parallelism` if the
 * user chose it, otherwise the number of partitions of the largest parent.
 */
export function commonPartitioner(parents: readonly Rdd<unknown>[]): Partitioner {
  const { parallelism, explicitParallelism } = parents[0]!.context
  const placed = parents.flatMap(({ partitioner }) => partitioner ?? []).sort((a, b) => b.partitions - a.partitions)[0]
  if (!placed) return hashPartitioner(parallelism)
  const largest = Math.max(...parents.map(({ partitions }) => partitions))
  const number = explicitParallelism ? parallelism : largest
  return largest < 10 * placed.partitions || number <= placed.partitions ? placed : hashPartitioner(number)
}

/** Builds the cogroup of pairs, partitioned by `partitions` or else by the common partitioner. */
export function cogroup(left: Rdd<unknown>, right: Rdd<unknown>, partitions?: Partitions): Rdd<[unknown, unknown[][]]> {
  return new CogroupRdd([left, right], partitionerOf(left, right, partitions))
}

/** Builds a join of pairs, partitioned like cogroup. */
export function join(left: Rdd<unknown>, right: Rdd<unknown>, name: JoinName, partitions?: Partitions): Rdd<unknown> {
  return new JoinRdd([left, right], partitionerOf(left, right, partitions), name, KEEPS[name])
}

/** Builds the pairs of the left side whose key the right side lacks, `[key, [mine, undefined]]`. */
export function alone(left: Rdd<unknown>, right: Rdd<unknown>, partitioner: Partitioner, label: string): Rdd<unknown> {
  return new JoinRdd([left, right], partitioner, label, ALONE)
}

function partitionerOf(left: Rdd<unknown>, right: Rdd<unknown>, partitions: Partitions | undefined): Partitioner {
  return partitions === undefined ? commonPartitioner([left, right]) : toPartitioner(left, partitions)
}

function joining(name: JoinName) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: BaseRdd<any>, other: BaseRdd<any>, partitions?: Partitions): any {
    const rdd = nodeOf(this)
    return facade(join(rdd, operand(rdd, other, name), name, partitions))
  }
}

pairs.cogroup = function (other, partitions) {
  const rdd = nodeOf(this)
  return facade(cogroup(rdd, operand(rdd, other, 'cogroup'), partitions))
}
pairs.join = joining('join')
pairs.leftOuterJoin = joining('leftOuterJoin')
pairs.rightOuterJoin = joining('rightOuterJoin')
pairs.fullOuterJoin = joining('fullOuterJoin')
