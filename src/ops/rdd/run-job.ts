import { ArgumentError } from '../../errors.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo } from './actions.js'
import { RddBuilder } from './builder.js'
import { ofContext } from './operand.js'
import type { Rdd } from './rdd.js'

declare module './builder.js' {
  interface RddBuilder {
    /**
     * Runs `fn(records, partition)` over some partitions of a dataset, all by default, and resolves with one answer a
     * partition, in the order of `partitions`. Computes no others. The answers must be plain data.
     *
     * ```ts
     * const firsts = await ctx.runJob(ctx.range(0, 40, 1, 4), (records) => [...records][0], [0, 2]) // [0, 20]
     * ```
     *
     * @throws ArgumentError if a partition is not one of the dataset, or the dataset is another context's.
     */
    runJob<T, U>(
      rdd: Rdd<T>,
      fn: (records: Iterable<T>, partition: number) => U,
      partitions?: readonly number[],
    ): Promise<U[]>
  }
}

RddBuilder.prototype.runJob = async function <T, U>(
  this: RddBuilder,
  rdd: Rdd<T>,
  fn: (records: Iterable<T>, partition: number) => U,
  partitions?: readonly number[],
): Promise<U[]> {
  ofContext(this, rdd, 'runJob')
  if (partitions !== undefined && !Array.isArray(partitions))
    throw new ArgumentError(`runJob: partitions is ${typeof partitions}; it must be an array of partition numbers.`)
  for (const partition of partitions ?? []) {
    if (Number.isInteger(partition) && partition >= 0 && partition < rdd.partitions) continue
    throw new ArgumentError(
      `runJob: partition ${String(partition)} is given; the dataset has partitions 0 to ${rdd.partitions - 1}.`,
      { partition, partitions: rdd.partitions },
    )
  }
  return applyTo<U>(rdd, fn as AnyFunction, 'runJob', partitions)
}
