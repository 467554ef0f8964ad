import { Context, ManualClock, StreamingContext } from 'millrace'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

/** Measures the engine without work: jobs, control calls, batches. */
export async function taskBenches({ threads }) {
  const context = new Context({ threads })
  await context.start()
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads, parallelism: 4, clock })
  // An empty queue yields empty batches without end.
  ssc
    .queueStream([])
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.count())
  await ssc.start()
  const one = context.range(0, 0, 1, 1)
  const four = context.range(0, 0, 1, 4)
  const [thread] = localEngineOf(context).pool.ready()
  const benches = [
    { name: 'empty count job, 1 partition', run: () => one.count() },
    { name: 'empty count job, 4 partitions', run: () => four.count() },
    {
      name: 'empty reduceByKey job, 4 partitions',
      run: () =>
        four
          .map((n) => [n, 1])
          .reduceByKey((a, b) => a + b)
          .count(),
    },
    {
      name: 'empty batch, one shuffle of 4 partitions',
      run: async () => {
        await clock.advance(1000)
        await ssc.awaitIdle()
      },
    },
    { name: 'control call (Comlink ping)', run: () => thread.control.ping() },
  ]
  return {
    benches,
    close: async () => {
      await ssc.stop()
      await context.stop()
    },
  }
}
