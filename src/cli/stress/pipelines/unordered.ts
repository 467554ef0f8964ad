import { definePipeline } from '../../../index.js'
import { tripwire } from '../tripwire.js'
import { outputCounts } from './counts.js'
import { auditSerials, PUSHED, type StressParams } from './params.js'

/** Calls that are in flight at once in a task. */
const CONCURRENCY = 8

/** Resolves after a few turns of the event loop, as many as chance will have it. */
async function soon(): Promise<void> {
  for (let turns = Math.random() * 4; turns > 1; turns--) await new Promise(setImmediate)
}

/** The pipeline `wordcount` over asynchronous calls whose results come in any order, and are dealt out by position. */
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
  outputCounts(ssc, lines, (a, b) => atReduce(a + b))
})
