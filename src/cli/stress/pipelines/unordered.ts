import { definePipeline } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { outputCounts } from './counts.js'
import { auditSerials, PUSHED, type StressParams } from './params.js'

/** Number of calls in flight per task. */
const CONCURRENCY = 8

/** Resolves after a random number of turns of the event loop. */
async function soon(): Promise<void> {
  for (let turns = Math.random() * 4; turns > 1; turns--) await new Promise(setImmediate)
}

/**
 * The pipeline `wordcount` after asynchronous calls whose results come in any order, and are distributed by position.
 */
export default definePipeline<StressParams>((ssc, { faults }) => {
  const atMap = tripwire(faults, 'map')
  const atReduce = tripwire(faults, 'reduce')
  const answer = async (line: string): Promise<string> => {
    await soon()
    return atMap(line)
  }
  const lines = ssc
    .pushStream<string>(PUSHED)
    .mapAsync(answer, { ordered: false, concurrency: CONCURRENCY })
    .repartition(3)
  auditSerials(lines.map((line) => Number.parseInt(line, 10)))
  outputCounts(lines, (a, b) => atReduce(a + b))
})
