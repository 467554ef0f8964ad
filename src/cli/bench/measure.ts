import type { BatchInfo } from '../../engine/events/batch-info.js'
import { rejectStart } from '../not-started.js'
import { openPipeline } from '../pipeline.js'
import type { BenchCommand } from './arguments.js'

/** The figures of one run. Times are in ms. */
export interface BenchRun {
  readonly threads: number
  readonly batches: number
  readonly records: number
  /** The sum of the batches' processing times. */
  readonly busy: number
  readonly processing: readonly number[]
  readonly total: readonly number[]
  /** How much later the last batch started than it was due. A stream that keeps up starts its batches at once. */
  readonly lastWait: number
}

/** The share of a timed run that is warm-up: threads load the module, and V8 compiles its functions. */
const WARM_UP = 0.2

/** The longest wait for batches that are in progress at the end of a run, in ms. */
const END_MS = 60_000

/**
 * Runs the pipeline once, and measures its batches after the warm-up. Prints and named outputs are dropped; its sinks
 * write. Rejects with the error of the first batch that fails.
 */
export async function measure(url: URL, threads: number, command: BenchCommand): Promise<BenchRun> {
  const { batchInterval, params, until, duration } = command
  const ssc = await openPipeline(url, { batchInterval, params, threads })
  ssc.printer = () => undefined
  const batches: BatchInfo[] = []
  let failed: Error | undefined
  ssc.on('batchCompleted', (batch) => {
    batches.push(batch)
    failed ??= batch.outputs.find(({ error }) => error)?.error
  })
  try {
    await ssc.start({ until }).catch(rejectStart)
    const readers = [...ssc.outputNames].map(async (name) => {
      for await (const _ of ssc.output(name));
    })
    const from = until ? 0 : ssc.clock.now() + duration * WARM_UP
    const cancel = ssc.clock.at(ssc.clock.now() + duration, () => {
      // Its failure is that of the streams, which awaitTermination reports.
      ssc.stop({ graceful: true, timeout: END_MS }).catch(() => undefined)
    })
    await Promise.all([ssc.awaitTermination().finally(cancel), ...readers])
    if (failed) throw failed
    return summary(
      threads,
      batches.filter(({ time }) => time >= from),
    )
  } finally {
    await ssc.stop()
  }
}

function summary(threads: number, batches: readonly BatchInfo[]): BenchRun {
  const processing = batches.map(({ processingDelay = 0 }) => processingDelay)
  return {
    threads,
    batches: batches.length,
    records: batches.reduce((sum, { records }) => sum + records, 0),
    busy: processing.reduce((sum, ms) => sum + ms, 0),
    processing,
    total: batches.map(({ totalDelay = 0 }) => totalDelay),
    lastWait: batches.at(-1)?.schedulingDelay ?? 0,
  }
}
