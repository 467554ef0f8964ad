// A host that ends its own code without a stop. `start` says whether the streams run, by a manual clock.
import { ManualClock, StreamingContext } from 'millrace'

const pipeline = await StreamingContext.fromPipeline(new URL('./faults.mjs', import.meta.url), {
  batchInterval: 1000,
  threads: 1,
  spare: false,
  driver: 'thread',
  clock: new ManualClock(0),
})
if (process.argv[2] === 'start') await pipeline.start()
console.log(pipeline.state)
