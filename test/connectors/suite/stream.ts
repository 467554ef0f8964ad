import { ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { afterEach, expect } from 'vitest'
import type { SourceRow, TestServer } from './row.js'

const open: StreamingContext[] = []

/** Where the manual clock begins: ahead of the machine's, so that the files of a test are older than its batches. */
const START = Math.ceil(Date.now() / 1000 + 3600) * 1000

/** Stops everything that a test left running. */
export function stopAfterEach(): void {
  afterEach(async () => {
    for (const ssc of open.splice(0)) await ssc.stop().catch(() => undefined)
  })
}

/** A context under the manual clock that the test need not stop. */
export function newContext(options: Partial<StreamingOptions> = {}) {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock(START)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, ...options, clock })
  open.push(ssc)
  const tick = async (times = 1) => {
    for (let i = 0; i < times; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
  }
  return { ssc, clock, tick }
}

/** A stream of a source, with the numbers of each batch. `each` runs in the output, before the batch counts. */
export function readNumbers<S extends TestServer>(
  row: SourceRow<S>,
  place: object,
  options: Partial<StreamingOptions> & { readonly open?: SourceRow<S>['open']; readonly each?: () => unknown } = {},
) {
  const { open = row.open, each, ...rest } = options
  const context = newContext({ ...row.options?.(place), ...rest })
  const batches: number[][] = []
  const serial = row.serial ?? Number
  open.call(row, context.ssc, place).foreachRDD(async (rdd) => {
    const records = await rdd.collect()
    await each?.()
    batches.push(records.map((record) => serial(record)))
  })
  /** Runs batches until `count` records have arrived, and one more. */
  const drain = async (count: number) => {
    const arrived = () => context.tick().then(() => new Set(batches.flat()).size)
    await expect.poll(arrived, { interval: 10 }).toBeGreaterThanOrEqual(count)
    await context.tick()
    return batches.flat()
  }
  return { ...context, batches, drain }
}
