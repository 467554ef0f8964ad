/*
 * The process under test: reads one source, runs all pipelines, writes one sink. It goes on from the checkpoints, if need be once
 * their owner is dead, and ends when its standard input does.
 */
import { once } from 'node:events'
import { StreamingContext } from 'millrace'
import { INTERVAL_MS, outputsOf } from './pipelines.js'
import type { ProcessOptions } from './process.js'
import { READS, SERVES } from './reads.js'
import { WRITES } from './writes.js'

const { directory, source, sink, sourcePlace, sinkPlace, fault } = JSON.parse(process.argv[2]!) as ProcessOptions
const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: INTERVAL_MS,
    checkpointInterval: INTERVAL_MS,
    threads: 2,
    writeAheadLog: source === 'log',
    faults: fault && [{ ...fault, passes: new SharedArrayBuffer(4) }],
  })
  const lines = READS[source](made, sourcePlace as never)
  for (const [output, stream] of Object.entries(outputsOf(lines))) WRITES[sink](stream, sinkPlace as never, output)
  return made
})
ssc.on('standby', () => process.stdout.write('waits\n'))
await ssc.start({ standby: true })
SERVES[source]?.(ssc, sourcePlace as never)
process.stdout.write('started\n')
process.stdin.resume()
// A stream that fails ends the process, with its error.
await Promise.race([once(process.stdin, 'end'), ssc.awaitTermination()])
await ssc.stop({ graceful: true, timeout: '1h' })
