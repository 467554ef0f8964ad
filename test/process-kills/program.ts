/*
 * The process under test: reads one source, runs all pipelines, writes one sink. It goes on from its checkpoints, and ends
 * when its standard input does.
 */
import { once } from 'node:events'
import { StreamingContext } from 'millrace'
import { INTERVAL_MS, outputsOf } from './pipelines.js'
import type { ProcessOptions } from './process.js'
import { SINKS, type Sink } from './sinks.js'
import { SOURCES, type Source } from './sources.js'

const { directory, source, sink, sourcePlace, sinkPlace, fault } = JSON.parse(process.argv[2]!) as ProcessOptions
const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: INTERVAL_MS,
    checkpointInterval: 2 * INTERVAL_MS,
    threads: 2,
    writeAheadLog: source === 'log',
    faults: fault && [{ ...fault, passes: new SharedArrayBuffer(4) }],
  })
  const lines = (SOURCES[source] as Source<unknown>).open(made, sourcePlace)
  for (const [output, stream] of Object.entries(outputsOf(lines)))
    (SINKS[sink] as Sink<unknown>).write(stream, sinkPlace, output)
  return made
})
await ssc.start()
process.stdout.write('started\n')
process.stdin.resume()
// A stream that fails ends the process, with its error.
await Promise.race([once(process.stdin, 'end'), ssc.awaitTermination()])
await ssc.stop({ graceful: true, timeout: '60s' })
