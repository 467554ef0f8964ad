import { definePipeline } from '../../../index.js'
import { entries } from '../data.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, drawnStream, type StressParams } from './params.js'

/**
 * Windows without an inverse, which are recomputed from persisted batches, and with an inverse, whose state is rebuilt
 * from snapshots.
 */
export default definePipeline<StressParams>((ssc, params) => {
  const { interval, faults } = params
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const records = drawnStream(ssc, 'entries', interval, (batch) => entries(params, batch)).map((entry) => atMap(entry))
  auditSerials(records.map(([serial]) => serial))
  const pairs = records.map(([, key, value]): [string, number] => [key, value])
  pairs
    .map(([key]) => key)
    .countByValueAndWindow(10 * interval, 2 * interval)
    .output('values')
  pairs.reduceByKeyAndWindow((a, b) => atReduce(a + b), 8 * interval, interval).output('plain')
  pairs
    .reduceByKeyAndWindow((a, b) => atReduce(a + b), 6 * interval, 3 * interval, { inverse: (a, b) => a - b })
    .output('incremental')
  records
    .window(5 * interval)
    .count()
    .output('size')
})
