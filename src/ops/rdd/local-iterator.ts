import { nodeOf, rdds } from './facade.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Iterates over the elements in order, with one partition at a time in the driver's memory: for results too large
     * to collect. Action: one job per partition, which starts after the previous partition has been read.
     *
     * @throws IndeterminateError if partitions that were already read are lost, and recomputed differently for the
     * remaining ones.
     *
     * ```ts
     * for await (const x of ctx.range(3).toLocalIterator()) console.log(x)
     * ```
     */
    toLocalIterator(): AsyncGenerator<T, void, undefined>
  }
}

rdds.toLocalIterator = async function* <T>() {
  for await (const records of localPartitions(nodeOf<T>(this))) yield* records
}

/** Iterates over the partitions of a dataset in order, with one at a time in the driver's memory. */
export async function* localPartitions<T>(rdd: Rdd<T>): AsyncGenerator<readonly T[], void, undefined> {
  const jobs = rdd.context.runner.series()
  for (let partition = 0; partition < rdd.partitions; partition++) {
    const [records] = await jobs.run<T[]>(rdd, { op: 'collect' }, [partition])
    // The elements read so far cannot be revoked.
    if (!jobs.isConsistent) throw jobs.inconsistent()
    yield records!
  }
}
