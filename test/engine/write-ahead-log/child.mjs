// A process that takes numbers into a write-ahead log, and may kill itself or be killed.
//
//   node child.mjs <directory> <file for outputs> <'push' or port of a text server> <batches> [<fault point> <nth>]
//
// push: each message { push: n } is answered by { logged: n } once n is in the log. Outputs are lines of the file.
import { appendFileSync } from 'node:fs'
import { StreamingContext } from 'millrace'

const [directory, file, source, batches, point, nth] = process.argv.slice(2)
const faults = point ? [{ point, nth: Number(nth), passes: new SharedArrayBuffer(4) }] : undefined
const ssc = await StreamingContext.getOrCreate(directory, () => {
  const made = new StreamingContext({
    batchInterval: 20,
    checkpointInterval: '100ms',
    threads: 1,
    parallelism: 1,
    spare: false,
    writeAheadLog: { rollingInterval: '100ms', flushInterval: 5 },
    faults,
  })
  const numbers =
    source === 'push'
      ? made.pushStream('numbers')
      : made.socketTextStream('127.0.0.1', Number(source)).map((line) => Number(line))
  // Runs again with its batch, to be compared with the first time.
  numbers.foreachRDD(async (rdd, time) => note('batch', time, await rdd.collect()), { inMemory: true })
  numbers
    .map((n) => ['sum', n])
    .updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0))
    .foreachRDD(async (rdd, time) => note('sum', time, await rdd.collect()))
  return made
})
ssc.on('recovered', ({ lost }) => note('lost', 0, lost))
let left = Number(batches)
ssc.on('batchCompleted', () => {
  if (--left === 0) process.send({ done: true })
})

function note(name, time, records) {
  appendFileSync(file, `${JSON.stringify([name, time, records])}\n`)
}

process.on('message', async ({ push, stop }) => {
  if (stop) {
    await ssc.stop({ graceful: true })
    process.exit(0)
  }
  await ssc.pushHandle('numbers').push(push, { until: 'logged' })
  process.send({ logged: push })
})
await ssc.start()
process.send({ ready: true })
