import { definePipeline } from '../../../index.js'
import { type Entry, entries, names } from '../data.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, drawnStream, PUSHED, type StressParams } from './params.js'

const pair = ([, key, value]: Entry): [string, number] => [key, value]

/** Joins a received stream with another stream, and with a constant dataset. */
export default definePipeline<StressParams>((ssc, params) => {
  const { faults, interval } = params
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const left = ssc.pushStream<Entry>(PUSHED).map((entry) => atMap(entry))
  const right = drawnStream(ssc, 'right', interval, (batch) => entries(params, batch, 'right'))
  auditSerials(left.union(right).map(([serial]) => serial))
  left
    .map(pair)
    .join(right.map(pair))
    .map((joined) => atReduce(joined))
    .output('joined')
  left
    .map(pair)
    .leftOuterJoin(right.map(([, key]): [string, number] => [key, 1]))
    .count()
    .output('outer')
  const known = ssc.context.parallelize(names()).cache()
  left
    .map(pair)
    .transform((rdd) => rdd.join(known))
    .output('named')
})
