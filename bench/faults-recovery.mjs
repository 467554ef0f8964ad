import { setTimeout as sleep } from 'node:timers/promises'
import { jobs } from './faults-jobs.mjs'
import { FaultStream } from './faults-stream.mjs'
import { figure, table } from './report.mjs'
import { median, quantile } from './stats.mjs'

/** As the marks say: two threads and a spare, a million keys, a snapshot every ten batches. */
const THREADS = 2
const SNAPSHOTS = 10
/** More than threads, so that all of them rebuild what one has lost. */
const PARALLELISM = 8
const INTERVAL = 1000
/** Without a batch, ahead of each that has a kill: less than what an interval has, in which a new spare practises. */
const QUIET_MS = 300
/** One batch in three has a kill; a batch interval must not be missed twice in a row. */
const KILL_EVERY = 3

/**
 * From a kill, at some moment of a batch, to the batch's completion; and with batches in the pace of time, how many were
 * not complete when the next one was due, one after the other.
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
      // The batch after it is as without kills, but state that was rebuilt may have to be rebuilt once more.
      await batch(stream, job.batch(11 + 2 * i))
    }
    // A batch that was complete before its kill shows no recovery.
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

/** One batch; answers with its ms. */
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
      // Somewhere in the interval: most fall between batches, as they would.
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
