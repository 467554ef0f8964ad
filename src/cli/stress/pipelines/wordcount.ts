import { definePipeline } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { outputCounts } from './counts.js'
import { auditSerials, PUSHED, type StressParams } from './params.js'

/** Counts the words of received lines, and sorts the counts. */
export default definePipeline<StressParams>((ssc, { faults }) => {
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const lines = ssc.pushStream<string>(PUSHED).map((line) => atMap(line))
  auditSerials(lines.map((line) => Number.parseInt(line, 10)))
  outputCounts(lines, (a, b) => atReduce(a + b))
})
