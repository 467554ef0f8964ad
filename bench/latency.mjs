import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { toMicros } from './clock.mjs'
import { Delays, medians } from './delays.mjs'
import { emptyBatches } from './empty-batch.mjs'
import { nowMicros, startSender } from './lines-sent.mjs'
import { plainWordCount } from './plain.mjs'
import { figure, table } from './report.mjs'
import { wordDelays } from './word-delays.mjs'

/**
 * The longest time excluded at the beginning of a run. With such small batches the compilers need this long, and until
 * then a third of all processor time. In short runs it is at most this share of their length.
 */
const WARM_UP_SECONDS = 20
const WARM_UP_SHARE = 4
/** Lines per second at which a batch is almost empty. */
const TRICKLE = 1000

export async function run({ threads, runs, rate, seconds }, log) {
  const results = {}
  const cases = [
    [rate, 10],
    [rate, 5],
    [TRICKLE, 10],
  ]
  for (const [linesASecond, interval] of cases) {
    log(
      `${linesASecond} lines/s over loopback TCP, a batch every ${interval} ms; ${runs} runs of ${seconds} s each, in turn`,
    )
    const sender = await startSender(linesASecond)
    const taken = { millrace: [], 'plain loop': [] }
    try {
      for (let i = 0; i < runs; i++) {
        taken.millrace.push(await streamed(sender.port, interval, threads, seconds))
        taken['plain loop'].push(await byHand(sender.port, interval, seconds))
      }
    } finally {
      await sender.stop()
    }
    const summaries = Object.entries(taken).map(([name, all]) => ({ name, ...medians(all), runs: all }))
    log(delayTable(summaries))
    results[`${linesASecond} lines/s, ${interval} ms`] = summaries
  }
  results.empty = await emptyBatches({ threads, runs, seconds }, log)
  return results
}

const warmUp = (seconds) => Math.min(WARM_UP_SECONDS, WARM_UP_SHARE * seconds)

function streamed(port, interval, threads, seconds) {
  const warm = warmUp(seconds)
  return wordDelays({ port, threads, interval, seconds: warm + seconds, warmUp: warm })
}

/** The same work in a loop of one thread: lines that arrived before a tick are counted at the tick. */
async function byHand(port, interval, seconds) {
  const delays = new Delays(nowMicros() + warmUp(seconds) * 1e6)
  let arrived = []
  let rest = Buffer.alloc(0)
  const socket = connect(port, '127.0.0.1')
  socket.on('data', (bytes) => arrived.push(bytes))
  let due = Math.ceil(Date.now() / interval) * interval
  let timer
  const tick = () => {
    if (Date.now() < due) return arm()
    const started = nowMicros()
    const bytes = Buffer.concat([rest, ...arrived])
    arrived = []
    const end = bytes.lastIndexOf(10) + 1
    rest = bytes.subarray(end)
    delays.output([...plainWordCount(bytes.subarray(0, end))])
    delays.batch(toMicros(due), started, nowMicros())
    due += interval
    arm()
  }
  const arm = () => {
    timer = setTimeout(tick, Math.max(0, due - Date.now()))
  }
  arm()
  await Promise.all([sleep((warmUp(seconds) + seconds) * 1000), delays.known])
  clearTimeout(timer)
  socket.destroy()
  return delays.summary()
}

function delayTable(summaries) {
  const ms = ({ p50, p99 }) => [figure(p50), figure(p99)]
  const rows = summaries.map(({ name, batches, lines, processing, scheduling, arrivalToOutput }) => [
    name,
    figure(batches),
    figure(lines / batches),
    ...ms(processing),
    ...ms(scheduling),
    ...ms(arrivalToOutput),
  ])
  const heads = ['processing ms p50', 'p99', 'scheduling ms p50', 'p99', 'arrival to output ms p50', 'p99']
  return table(['', 'batches', 'lines a batch', ...heads], rows)
}
