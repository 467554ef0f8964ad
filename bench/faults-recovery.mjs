import { setTimeout as sleep } from 'node:timers/promises'
import { jobs } from './faults-jobs.mjs'
import { FaultStream } from './faults-stream.mjs'
import { figure, table } from './report.mjs'
import { median, quantile } from './stats.mjs'

/** As in the marks: two threads and a spare, a million keys, a snapshot every ten batches. */
const THREADS = 2
const SNAPSHOTS = 10
/** More than threads, so that all threads rebuild the state that one has lost. */
const PARALLELISM = 8
const INTERVAL = 1000
/** Idle time in ms before each batch with a kill: shorter than that of an interval, in which a new spare warms up. */
const QUIET_MS = 300
/** One batch in three has a kill; the stream must not miss two batch intervals in a row. */
const KILL_EVERY = 3

/**
 * Measures the time from a kill in the middle of a batch to the batch's completion; and at the pace of time, the number
 * of consecutive batches that were incomplete when the next one was due.
 */
export async function recovery({ kills, seconds, bytes, keys, keyLines }, log) {
  const results = {}
  const work = Object.entries(jobs({ bytes, keys, keyLines }))
  log(`recovery on ${THREADS} threads with a spare; ${kills} kills, each in the middle of a batch`)
  const rows = []
  for (const [name, job] of work) {
    const result = await oneByOne(job, kills)
    rows.push([name, ...[result.quiet, result.p50, result.p99, result.max].map(figure)])
    results[name] = result
  }
  log(table(['', 'batch without kills, ms', 'recovery p50', 'p99', 'max'], rows))
  log(`\nin the pace of time, a batch every ${INTERVAL} ms for ${seconds} s, a kill every ${KILL_EVERY} batches`)
  const paced = []
  for (const [name, job] of work) {
    const result = await inPace(job, seconds)
    paced.push([name, ...[result.batches, result.kills, result.missed, result.missedInARow].map(String)])
    results[name].paced = result
  }
  log(table(['', 'batches', 'kills', 'missed', 'missed in a row'], paced))
  return results
}

async function oneByOne(job, kills) {
  const stream = await FaultStream.start({
    threads: THREADS,
    parallelism: PARALLELISM,
    stateSnapshotInterval: SNAPSHOTS,
    define: job.define,
  })
  try {
    for (const bytes of job.warmUp()) await batch(stream, bytes)
    const quiet = []
    for (let i = 0; i < 10; i++) quiet.push(await batch(stream, job.batch(i)))
    const usual = median(quiet)
    const delays = []
    for (let i = 0; i < kills; i++) {
      await sleep(QUIET_MS)
      stream.feed(job.batch(10 + 2 * i))
      const running = stream.tick()
      await sleep(((i * 0.618) % 1) * usual)
      const at = stream.kill((i * 0.382) % 1)
      await running
      delays.push(stream.completions.at(-1).at - at)
      await stream.strong()
      // The next batch is like one without kills, but may have to rebuild state once more.
      await batch(stream, job.batch(11 + 2 * i))
    }
    // A batch that completed before its kill shows no recovery.
    const late = delays.filter((ms) => ms > 0)
    return {
      quiet: usual,
      kills: late.length,
      p50: quantile(late, 0.5),
      p99: quantile(late, 0.99),
      max: Math.max(...late),
    }
  } finally {
    await stream.stop()
  }
}

/** Runs one batch and returns its ms. */
async function batch(stream, bytes) {
  stream.feed(bytes)
  const began = performance.now()
  await stream.tick()
  return performance.now() - began
}

async function inPace(job, seconds) {
  const stream = await FaultStream.start({
    threads: THREADS,
    parallelism: PARALLELISM,
    stateSnapshotInterval: SNAPSHOTS,
    define: job.define,
    interval: INTERVAL,
    byHand: false,
  })
  try {
    const zero = performance.timeOrigin
    for (const bytes of job.warmUp()) {
      stream.feed(bytes)
      await sleep(INTERVAL / 4)
    }
    await sleep(2 * INTERVAL)
    const first = stream.completions.length
    let kills = 0
    for (let i = 0; i < seconds; i++) {
      stream.feed(job.batch(i))
      // At a random moment of the interval: most kills fall between batches.
      const offset = ((i * 0.618) % 1) * INTERVAL
      await sleep(offset)
      if (i % KILL_EVERY === 0) {
        stream.kill((i * 0.382) % 1)
        kills++
      }
      await sleep(INTERVAL - offset)
    }
    await sleep(2 * INTERVAL)
    const late = stream.completions.slice(first).map(({ time, at }) => zero + at - time > INTERVAL)
    let missedInARow = 0
    let row = 0
    for (const missed of late) {
      row = missed ? row + 1 : 0
      missedInARow = Math.max(missedInARow, row)
    }
    return { batches: late.length, kills, missed: late.filter(Boolean).length, missedInARow }
  } finally {
    await stream.stop()
  }
}
