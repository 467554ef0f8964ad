import { type InputSource, ManualClock, StreamingContext, type StreamingOptions } from 'millrace'

/** Returns the whole numbers from `from` on, below `to`. */
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Returns streams that follow a manual clock, and `tick`, which runs their next batches. The caller stops them. */
export function manualStreams(options: Partial<StreamingOptions> = {}) {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, ...options, clock })
  const tick = async (times = 1) => {
    for (let i = 0; i < times; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
  }
  return { ssc, clock, tick }
}

/** Collects the records of a source by batch, and the warnings of the source. */
export function batchesOf<T>(ssc: StreamingContext, source: InputSource<T>) {
  const batches: T[][] = []
  const warnings: string[] = []
  ssc.on('receiverError', ({ message }) => warnings.push(message))
  ssc.input<T>(source).foreachRDD(async (rdd) => void batches.push(await rdd.collect()))
  return { batches, warnings }
}

/** Collects the records of a source, and what it reports. */
export function recordsOf<T>(ssc: StreamingContext, source: InputSource<T>) {
  const records: T[] = []
  const reports: string[] = []
  ssc.on('receiverError', ({ message }) => reports.push(message))
  ssc.input<T>(source).foreachRDD(async (rdd) => void records.push(...(await rdd.collect())))
  return { records, reports }
}

/** Runs batches until the promise settles, and one more. */
export async function ticksUntil<R>(promise: Promise<R>, tick: () => Promise<void>): Promise<R> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  while (!isSettled) {
    await tick()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await tick()
  return await settled
}

/** Starts streams, runs `count` batches, and stops. `each` is called while a batch runs. */
export async function runBatches(
  { ssc, clock }: { readonly ssc: StreamingContext; readonly clock: ManualClock },
  count: number,
  each?: (ssc: StreamingContext, batch: number) => unknown,
): Promise<void> {
  await ssc.start()
  for (let i = 0; i < count; i++) {
    const advanced = clock.advance(1000)
    await each?.(ssc, i)
    await advanced
    await ssc.awaitIdle()
  }
  await ssc.stop()
}
