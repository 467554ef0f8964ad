import { setTimeout as sleep } from 'node:timers/promises'
import { StreamingContext } from 'millrace'
import { toMicros } from './clock.mjs'
import { Delays } from './delays.mjs'
import { nowMicros } from './lines-sent.mjs'

/**
 * Counts the words of a sender's lines for `seconds`, a batch every `interval` ms; of these, `warmUp` are not counted.
 */
export async function wordDelays({ port, threads, interval, seconds, warmUp }) {
  const delays = new Delays(nowMicros() + warmUp * 1e6)
  const ssc = new StreamingContext({ batchInterval: interval, threads })
  ssc
    .socketTextStream('127.0.0.1', port)
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .output('counts')
  let due = 0
  let started = 0
  ssc.on('batchStarted', ({ time }) => {
    due = toMicros(time)
    started = nowMicros()
  })
  ssc.on('batchCompleted', () => delays.batch(due, started, nowMicros()))
  const read = async () => {
    for await (const { records } of ssc.output('counts')) delays.output(records)
  }
  await ssc.start()
  const reading = read()
  // The reading ends early with the error of a stream that failed.
  await Promise.all([sleep(seconds * 1000), Promise.race([delays.known, reading])])
  await ssc.stop()
  await reading
  return delays.summary()
}
