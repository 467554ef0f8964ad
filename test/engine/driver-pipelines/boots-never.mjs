import { threadId } from 'node:worker_threads'
import { definePipeline } from 'millrace'

/** Blocks every thread but the driver's. */
export default definePipeline((ssc, { driver }) => {
  if (threadId !== driver) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  ssc.pushStream('n').count().output('counts')
})
