/*
 * Reads numbers and words from files, resumes from checkpoints, and notes each output in a file before it counts as completed. It tells
 * its standard output what it noted, and ends when its standard input does.
 */

import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { StreamingContext } from 'millrace'

const { directory, numbers, words, file, life } = JSON.parse(process.argv[2])
/** On a machine that is busy, shorter batches fall behind, and each restart has more of them to make up for. */
const INTERVAL_MS = 500

function note(name, values) {
  const line = `${JSON.stringify([name, life, values])}\n`
  appendFileSync(file, line)
  process.stdout.write(line)
}

const ssc = await StreamingContext.getOrCreate(directory, () => {
  note('created', [])
  const made = new StreamingContext({
    batchInterval: INTERVAL_MS,
    checkpointInterval: INTERVAL_MS,
    threads: 1,
    spare: false,
  })
  const read = (path) => made.textFileStream(path, { newFilesOnly: false })
  const noted = (name) => async (rdd) => {
    const values = await rdd.collect()
    if (values.length > 0) note(name, values)
  }
  read(numbers)
    .map((line) => Number(line))
    .foreachRDD(noted('numbers'))
  read(words)
    .map((word) => [word, 1])
    .updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0))
    .checkpoint(5 * INTERVAL_MS)
    .foreachRDD(noted('counts'))
  return made
})
ssc.on('recovered', () => note('recovered', []))
await ssc.start()
process.stdout.write('started\n')
process.stdin.resume()
// A stream that fails ends the process, with its error.
await Promise.race([once(process.stdin, 'end'), ssc.awaitTermination()])
await ssc.stop({ graceful: true, timeout: '1h' })
