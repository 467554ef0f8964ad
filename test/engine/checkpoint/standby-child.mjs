// A process that owns a checkpoint directory, or waits for it. Its only output appends a line per batch to a file; events
// appear on stdout, one JSON object per line. SIGUSR2 has it suspend itself after the next batch, before another begins.
//
//   node standby-child.mjs <directory> <file of outputs>
import { appendFileSync } from 'node:fs'
import { StreamingContext } from 'millrace'

const [directory, outputs] = process.argv.slice(2)
const tell = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
const ssc = new StreamingContext({
  batchInterval: 50,
  checkpointInterval: 100,
  threads: 1,
  spare: false,
  checkpointDir: directory,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
})
ssc
  .input({ kind: 'local', name: 'ones', replayable: true, next: () => [1] })
  .map((n) => ['sum', n])
  .updateStateByKey((values, sum) => values.reduce((a, b) => a + b, sum ?? 0))
  .foreachRDD(async (rdd, time) => {
    const [[, sum]] = await rdd.collect()
    appendFileSync(outputs, `${JSON.stringify({ pid: process.pid, time, sum })}\n`)
  })
let suspends = false
ssc.on('standby', ({ pid }) => tell('standby', { pid }))
ssc.on('standbyPromoted', () => tell('standbyPromoted'))
ssc.on('recovered', () => tell('recovered'))
ssc.on('batchCompleted', ({ time }) => {
  tell('batch', { time })
  if (suspends) process.kill(process.pid, 'SIGSTOP')
  suspends = false
})
process.on('SIGUSR2', () => {
  suspends = true
})
process.on('SIGTERM', () => void ssc.stop())
try {
  await ssc.start({ standby: true })
  tell('started')
  await ssc.awaitTermination()
  tell('ended')
} catch (error) {
  tell('failed', { message: error.message, code: error.code })
}
