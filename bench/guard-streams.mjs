import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ManualClock, StateSpec, StreamingContext } from 'millrace'
import { linesBuffer } from './data.mjs'
import { measured, THREADS, together } from './guard-support.mjs'
import { texts } from './plain.mjs'
import { quantile } from './stats.mjs'
import { random } from './words.mjs'

const INTERVAL = 10
const PARTITIONS = 4
/** Batches, and round trips, of one round. */
const A_ROUND = 100
/** More than any run of the guard asks for. */
const ENOUGH = 10_000

/**
 * An empty batch, 4 to 4 partitions, beside a message to a thread and its answer: of each round, the 10th percentile.
 * On a busy machine other processes interrupt, which delays a batch of many messages more than one message; the
 * quickest ones were not interrupted.
 */
export async function emptyBatch() {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: INTERVAL, threads: THREADS, parallelism: PARTITIONS, clock })
  ssc
    .queueStream(Array.from({ length: ENOUGH }, () => []))
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.count())
  let started = 0
  let ended = 0
  ssc.on('batchStarted', () => {
    started = performance.now()
  })
  ssc.on('batchCompleted', () => {
    ended = performance.now()
  })
  await ssc.start()
  const echo = new Worker(
    "const { parentPort: p } = require('node:worker_threads'); p.on('message', (m) => p.postMessage(m))",
    {
      eval: true,
    },
  )
  const batch = async () => {
    await clock.advance(INTERVAL)
    await ssc.awaitIdle()
    return ended - started
  }
  const trip = async () => {
    const sent = performance.now()
    echo.postMessage(0)
    await once(echo, 'message')
    return performance.now() - sent
  }
  return {
    first: { name: 'empty batch', run: () => quickOf(batch) },
    second: { name: 'round trip', run: () => quickOf(trip) },
    close: async () => {
      await ssc.stop()
      await echo.terminate()
    },
  }
}

async function quickOf(once) {
  const taken = []
  for (let i = 0; i < A_ROUND; i++) taken.push(await once())
  return { result: undefined, time: { ms: quantile(taken, 0.1), cpuMs: Number.NaN, foreignCores: Number.NaN } }
}

const KEYS = 100_000
const UPDATES = 100_000
const PIECES = 4

/**
 * Counts by key, each batch with one record per key on average, beside a Map that does the same. All keys exist before.
 */
export async function keyedState() {
  const next = random(7)
  const pieces = Array.from({ length: PIECES }, () => {
    const keys = Array.from({ length: UPDATES }, () => Math.floor(next() * KEYS))
    return Buffer.from(`${keys.join('\n')}\n`)
  })
  const count = (_key, value, state) => {
    const total = (state.exists() ? state.get() : 0) + value
    state.update(total)
    return total
  }
  const ours = await measured('mapWithState', (lines) =>
    lines
      .map((key) => [key, 1])
      .mapWithState(StateSpec.function(count))
      .reduce((a, b) => a + b),
  )
  const state = new Map()
  const byHand = (bytes) => {
    let sum = 0
    texts(bytes, (text) => {
      for (const key of text.split('\n')) {
        const total = (state.get(key) ?? 0) + 1
        state.set(key, total)
        sum += total
      }
    })
    return [sum]
  }
  const everyKey = Buffer.from(Array.from({ length: KEYS }, (_, key) => `${key}\n`).join(''))
  await ours.run(everyKey)
  byHand(everyKey)
  let ourTurn = 0
  let itsTurn = 0
  return {
    first: { name: ours.name, run: () => ours.run(pieces[ourTurn++ % PIECES]) },
    second: { name: 'Map', run: () => ({ result: byHand(pieces[itsTurn++ % PIECES]) }) },
    close: ours.close,
  }
}

const SECOND = 1000
const LONG = 60
const SHORT = 10
const WINDOW_BYTES = 2 ** 16
/** Batches of one round: a snapshot is due every 10 slides, so each round has one for each partition. */
const SLIDES = 10

/** Word counts of a long window beside those of a short one: both add a batch and subtract one. */
export async function windows() {
  const all = linesBuffer(2 ** 22)
  const pieces = Array.from({ length: SHORT }, (_, i) => {
    const begin = all.indexOf(10, i * WINDOW_BYTES) + 1
    return all.subarray(begin, all.indexOf(10, begin + WINDOW_BYTES) + 1)
  })
  // Ten pieces in turn: both windows contain the same words, the long one six times as often.
  const windowed = async (batches) => {
    const { name, run, close } = await measured(`window of ${batches}`, (lines) =>
      lines
        .flatMap((line) => line.split(' '))
        .map((word) => [word, 1])
        .reduceByKeyAndWindow((a, b) => a + b, batches * SECOND, SECOND, { inverse: (a, b) => a - b })
        .count(),
    )
    const slides = (count) => together(count, (i) => run(pieces[i % SHORT]))
    await slides(batches)
    return { name, run: () => slides(SLIDES), close }
  }
  const [first, second] = [await windowed(LONG), await windowed(SHORT)]
  return { first, second, close: () => Promise.all([first.close(), second.close()]) }
}
