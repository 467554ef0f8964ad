import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo } from './actions.js'
import { contextOf, RddBuilder } from './builder.js'
import type { BaseRdd } from './facade.js'
import { ofContext } from './operand.js'

declare module './builder.js' {
  interface RddBuilder {
    /**
     * Runs `fn(records, partition)` over some partitions of a dataset, by default all, and returns its results in the
     * order of `partitions`. Action; computes no other partitions. The results must be plain data.
     *
     * ```ts
     * const firsts = await ctx.runJob(ctx.range(0, 40, 1, 4), (records) => [...records][0], [0, 2]) // [0, 20]
     * ```
     *
     * @throws ArgumentError (rejects) if a partition does not exist, or the dataset belongs to another context.
     */
    runJob<T, U>(
      rdd: BaseRdd<T>,
      fn: (records: Iterable<T>, partition: number) => U,
      partitions?: readonly number[],
    ): Promise<U[]>
  }
}

RddBuilder.prototype.runJob = async function <T, U>(
  this: RddBuilder,
  rdd: BaseRdd<T>,
  fn: (records: Iterable<T>, partition: number) => U,
  partitions?: readonly number[],
): Promise<U[]> {
  const node = ofContext(contextOf(this), rdd, 'runJob')
  if (partitions !== undefined && !Array.isArray(partitions))
    throw new ArgumentError(`runJob: partitions is ${describe(partitions)}; it must be an array of partition numbers.`)
  for (const partition of partitions ?? []) {
    if (Number.isInteger(partition) && partition >= 0 && partition < node.partitions) continue
    throw new ArgumentError(
      `runJob: there is no partition ${describe(partition)}; the dataset has partitions 0 to ${node.partitions - 1}.`,
      { partition, partitions: node.partitions },
    )
  }
  return applyTo<U>(node, fn as AnyFunction, 'runJob', partitions)
}
