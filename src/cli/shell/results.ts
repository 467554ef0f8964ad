import { OutputQueue } from '../../engine/streaming/output-queue.js'
import { isThenable } from '../../ops/functions/results.js'
import { isRdd, type RDD } from '../../ops/rdd/facade.js'
import { printAs, recordsTable, SHOWN_ROWS } from './present.js'

/** Whether the shell waits for a result, or computes it, before it prints it. */
export function isPending(value: unknown): boolean {
  return isThenable(value) || isRdd(value) || value instanceof OutputQueue
}

/** Waits for a promise; computes the first records of a dataset; takes the next batch of an output. */
export async function settle(value: unknown): Promise<unknown> {
  const result = isThenable(value) ? await value : value
  if (isRdd(result)) return await firstRecords(result)
  if (result instanceof OutputQueue) return await nextBatch(result)
  return result
}

async function firstRecords(rdd: RDD<unknown>): Promise<RDD<unknown>> {
  const records = await rdd.take(SHOWN_ROWS + 1)
  return printAs(rdd, recordsTable(records, records.length > SHOWN_ROWS))
}

async function nextBatch(output: OutputQueue): Promise<unknown> {
  for await (const batch of output) {
    const { time, records } = batch
    const heading = `batch ${time} ms (${new Date(time).toISOString()})`
    return printAs(batch, `${heading}\n${recordsTable(records, records.length > SHOWN_ROWS)}`)
  }
  return undefined
}
