import { definePipeline } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { auditSerials, PUSHED, type StressParams } from './params.js'

/** Frequent words first, equally frequent ones by name. Exported, so that it can be used inside of foreachRDD. */
export const rank = ([word, n]: readonly [string, number]): [number, string] => [-n, word]

/** Counts the words of received lines, and sorts the counts. */
export default definePipeline<StressParams>((ssc, { faults }) => {
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const lines = ssc.pushStream<string>(PUSHED).map((line) => atMap(line))
  auditSerials(lines.map((line) => Number.parseInt(line, 10)))
  const counts = lines
    .flatMap((line) => line.split(' ').slice(1))
    .map((word): [string, number] => [word, 1])
    .reduceByKey((a, b) => atReduce(a + b))
  counts.output('counts')
  ssc.nameOutput('ranking')
  counts.foreachRDD(async (rdd, time) => ssc.deliver('ranking', time, await rdd.sortBy(rank).collect()))
})
