import { Context, ManualClock, StateSpec, StreamingContext } from 'millrace'
import { stopwatch } from './machine.mjs'
import { datasetOps } from './ops/dataset-ops.mjs'
import { BATCH_MS, streamOps } from './ops/stream-ops.mjs'
import { UsageError } from './options.mjs'
import { figure, table } from './report.mjs'
import { versus } from './versus.mjs'

const SIZES = {
  full: { records: 500_000, keys: 1000, batches: 10, perBatch: 50_000 },
  quick: { records: 20_000, keys: 100, batches: 4, perBatch: 5_000 },
}

/** Measures each operation per record, beside a hand-written loop over arrays on one thread. */
export async function run({ threads, runs, quick, only }, log) {
  const sizes = quick ? SIZES.quick : SIZES.full
  const rounds = quick ? 1 : runs
  const chosen = (ops) => ops.filter(({ name }) => only === undefined || only.split(',').includes(name))
  const [datasets, streams] = [chosen(datasetOps), chosen(streamOps)]
  if (datasets.length + streams.length === 0) {
    const names = new Set([...datasetOps, ...streamOps].map(({ name }) => name))
    throw new UsageError(`There is no operation named '${only}'. Choose of ${[...names].join(', ')}.`)
  }
  const results = {
    sizes,
    datasets: datasets.length > 0 ? await datasetCosts(datasets, sizes, threads, rounds) : [],
    streams: [],
  }
  for (const op of streams) results.streams.push(await streamCost(op, sizes, threads, rounds))
  for (const kind of ['datasets', 'streams']) if (results[kind].length > 0) log(`\n${shown(kind, results[kind])}`)
  return results
}

function shown(title, rows) {
  return table(
    [title, 'ns a record', 'min-max', 'loop ns', 'times the loop', 'cpu ns'],
    rows.map(({ name, ns, loopNs, ratio, cpuNs }) => [
      name,
      figure(ns.median),
      `${figure(ns.min)}-${figure(ns.max)}`,
      figure(loopNs.median),
      figure(ratio),
      figure(cpuNs.median),
    ]),
  )
}

/** The figures of a `versus` per record. */
function perRecord(name, records, { contenders: [ours, loop], ratio }) {
  const each = ({ median, min, max }) => ({
    median: (median * 1e6) / records,
    min: (min * 1e6) / records,
    max: (max * 1e6) / records,
  })
  return { name, ns: each(ours.ms), loopNs: each(loop.ms), cpuNs: each(ours.cpuMs), ratio: 1 / ratio.median }
}

async function datasetCosts(ops, { records, keys }, threads, runs) {
  const ctx = new Context({ threads, spare: false })
  try {
    const n = Array.from({ length: records }, (_, i) => i)
    const pairs = n.map((i) => [i % keys, i])
    const few = pairs.slice(0, keys)
    const kept = {
      n: ctx.parallelize(n).cache(),
      pairs: ctx.parallelize(pairs).cache(),
      few: ctx.parallelize(few).cache(),
      partitions: threads,
    }
    for (const name of ['n', 'pairs', 'few']) await kept[name].count()
    const rows = []
    for (const { name, run: operate, plain } of ops) {
      const ours = { name: 'millrace', run: async () => ({ result: await operate(kept) }) }
      const loop = { name: 'loop', run: () => ({ result: plain({ n, pairs, few, partitions: threads }) }) }
      rows.push(perRecord(name, records, await versus(ours, loop, { runs })))
    }
    return rows
  } finally {
    await ctx.stop()
  }
}

async function streamCost({ name, build, plain }, { batches, perBatch, keys }, threads, runs) {
  const input = Array.from({ length: batches }, (_, b) =>
    Array.from({ length: perBatch }, (_, i) => [i % keys, b * perBatch + i]),
  )
  const ours = async () => {
    const ssc = new StreamingContext({ batchInterval: BATCH_MS, threads, spare: false, clock: new ManualClock() })
    try {
      const counts = []
      build(ssc.queueStream([...input]), { StateSpec }).foreachRDD(async (rdd) => counts.push(await rdd.count()))
      await ssc.start()
      // Threads start before the time that counts.
      const stop = stopwatch()
      for (let b = 0; b < batches; b++) {
        await ssc.clock.advance(BATCH_MS)
        await ssc.awaitIdle()
      }
      return { result: counts, time: stop() }
    } finally {
      await ssc.stop()
    }
  }
  const loop = async () => {
    const batch = plain()
    const result = []
    for (const pairs of input) result.push(await batch(pairs))
    return { result }
  }
  const figures = await versus({ name: 'millrace', run: ours }, { name: 'loop', run: loop }, { runs })
  return perRecord(name, batches * perBatch, figures)
}
