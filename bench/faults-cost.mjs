import { jobs } from './faults-jobs.mjs'
import { FaultStream } from './faults-stream.mjs'
import { stopwatch } from './machine.mjs'
import { figure, table } from './report.mjs'
import { spread } from './stats.mjs'

/** Batches of a round, back to back: copies and snapshots then cost throughput, not idle time. */
const BATCHES = 10
/** Longer than any run, which disables snapshots. */
const NO_SNAPSHOTS = 1000

/** The comparisons: options of two streams that do the same. */
const PAIRS = [
  { name: 'by reference against one owner', job: 'windowed', a: { replicas: 1 }, b: { replicas: 2 } },
  { name: 'by copy against one owner', job: 'windowed', a: { replicas: 1 }, b: { replicas: 2, replication: 'copy' } },
  {
    name: 'snapshots every 10 batches against none',
    job: 'state',
    a: { stateSnapshotInterval: NO_SNAPSHOTS },
    b: { stateSnapshotInterval: 10 },
  },
]

/**
 * Measures the cost of fault tolerance without failures: rounds of two streams in turn, in one process with equal
 * threads. The cost of a round is its time over that of the other stream's neighbouring round, minus one.
 */
export async function cost({ threads, runs, bytes, keys, keyLines }, log) {
  const results = []
  for (const { name, job, a, b } of PAIRS) {
    const work = jobs({ bytes, keys, keyLines })[job]
    const streams = [
      await FaultStream.start({ threads, ...a, define: work.define }),
      await FaultStream.start({ threads, ...b, define: work.define }),
    ]
    const wall = []
    const cpu = []
    try {
      for (const stream of streams) for (const bytes of work.warmUp()) await batch(stream, bytes)
      for (let run = 0; run <= runs; run++) {
        // The second stream finds warmer caches, so the order alternates.
        const order = run % 2 === 0 ? [0, 1] : [1, 0]
        const times = []
        for (const which of order) times[which] = await round(streams[which], work, run)
        if (run === 0) continue
        wall.push((times[1].ms / times[0].ms - 1) * 100)
        cpu.push((times[1].cpuMs / times[0].cpuMs - 1) * 100)
      }
    } finally {
      for (const stream of streams) await stream.stop()
    }
    results.push({ name, job, wallPercent: spread(wall), cpuPercent: spread(cpu), rounds: wall })
  }
  const range = ({ median, min, max }) => `${figure(median)} (${figure(min)} to ${figure(max)})`
  log(`\ncost in % of a round of ${BATCHES} batches, median of ${runs} rounds (least to most)`)
  log(
    table(
      ['', 'job', 'time', 'processor time'],
      results.map(({ name, job, wallPercent, cpuPercent }) => [name, job, range(wallPercent), range(cpuPercent)]),
    ),
  )
  return results
}

async function round(stream, work, run) {
  const inputs = Array.from({ length: BATCHES }, (_, i) => work.batch(run * BATCHES + i))
  const stop = stopwatch()
  for (const bytes of inputs) await batch(stream, bytes)
  return stop()
}

async function batch(stream, bytes) {
  stream.feed(bytes)
  await stream.tick()
}
