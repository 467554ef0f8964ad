// Each batch drops one large record to the dead letters, and counts itself in shared memory.
import { definePipeline } from 'millrace'

export default definePipeline((ssc, { batches, bytes, done }) => {
  const refuse = () => {
    throw new RangeError('refused')
  }
  ssc
    .queueStream(Array.from({ length: batches }, (_, i) => [i]))
    .map(() => 'x'.repeat(bytes))
    .map(refuse, { onRecordError: 'dead-letter' })
    .foreachRDD(async (rdd) => {
      await rdd.count()
      Atomics.add(done, 0, 1)
      Atomics.notify(done, 0)
    })
})
