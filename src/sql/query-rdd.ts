import { builtin } from '../ops/functions/builtin.js'
import type { FnRef } from '../ops/functions/ref.js'
import type { AsyncStep } from '../ops/plan.js'
import { ChainRdd } from '../ops/rdd/chain.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { ShuffledRdd } from '../ops/rdd/shuffled.js'
import { ZippedRdd } from '../ops/rdd/zip.js'

/** Gathers a dataset in one partition: the query of one task reads all of it. Map tasks still compute it in parallel. */
export function inOnePartition(rdd: Rdd<unknown>): Rdd<unknown> {
  return rdd.partitions === 1 ? rdd : new ShuffledRdd(rdd, { kind: 'deal', partitions: 1 }, 'sql')
}

/** The step that runs a query: `runQuery` on the tables of a partition. */
export function queryStep(fn: FnRef, label: string, timeout: number | undefined): AsyncStep {
  const step = { op: 'mapAsync', fn, label, whole: true, concurrency: 1, ordered: true } as const
  return timeout === undefined ? step : { ...step, timeout }
}

/** The result of a query, whose tables have one partition each. */
export function queryRdd<Row>(tables: readonly Rdd<unknown>[], step: AsyncStep): Rdd<Row> {
  return new ChainRdd<Row>(new ZippedRdd(tables, builtin('asTables'), step.label), step)
}
