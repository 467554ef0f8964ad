import { setTimeout as sleep } from 'node:timers/promises'
import { StreamingContext } from 'millrace'
import { toMicros } from '../../clock.mjs'
import { Delays } from '../../delays.mjs'
import { nowMicros } from '../../lines-sent.mjs'

/** Of each step this share of its time is not counted. */
const WARM_SHARE = 0.25

export async function open({ port, threads, seconds, intervals }) {
  const run = async () => {
    const ladder = []
    for (const interval of intervals.split('-').map(Number)) {
      const { lines, batches, ...delays } = await step(interval, Number(port), threads, Number(seconds))
      ladder.push({ interval, lines, batches, stable: delays.scheduling.p99 < interval, ...delays })
    }
    return { ms: ladder[0].processing.p50, ladder }
  }
  return { run, answer: () => null }
}

async function step(interval, port, threads, seconds) {
  const delays = new Delays(nowMicros() + seconds * WARM_SHARE * 1e6)
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
  await sleep(seconds * 1000)
  await ssc.stop()
  await reading
  return delays.summary()
}
