import { setFlagsFromString } from 'node:v8'
import { StateSpec } from 'millrace'
import { Batches } from './batches.mjs'
import { figure, table } from './report.mjs'
import { random } from './words.mjs'

/*
 * The memory of keyed state by key: a stream of mapWithState adds all keys, then changes some of them for twenty
 * batches, so that snapshots have continued and replaced each other.
 */

const ADDED = 500_000
const UPDATES = 100_000
const SETTLE = 22
const HEADS = [
  'state',
  'keys',
  'heaps B/key',
  'arrays B/key',
  'snapshots B/key',
  'resident B/key',
  'peak B/key',
  'ms of a batch',
  'cpu ms',
]

const counted = (_key, value, state) => {
  state.update((state.exists() ? state.get() : 0) + value)
  return 1
}
const described = (key, value, state) => {
  const before = state.exists() ? state.get() : { user: key, count: 0, total: 0, last: '' }
  state.update({ user: before.user, count: before.count + 1, total: before.total + value, last: `page ${key}` })
  return 1
}

const mapped = (fn) => (pairs) => pairs.mapWithState(StateSpec.function(fn))
const visited = (pairs) => pairs.updateStateByKey((values, sum = 0) => values.reduce((a, b) => a + b, sum))

const KINDS = { 'short texts, numbers': counted, 'short texts, objects': described }

/** Bytes of a short text with a number in state: three words, its share of the index, the value. */
const KEY_BYTES = 32
const PARTITIONS = 32
const QUARTER = { mapWithState: mapped(counted), updateStateByKey: visited }

export async function run({ threads, only, quick }, log) {
  // Garbage is no state: each thread collects it before it reports.
  setFlagsFromString('--expose-gc')
  const sizes = only ? only.split(',').map(Number) : quick ? [10_000] : [1_000_000, 10_000_000]
  const rows = []
  for (const [name, fn] of Object.entries(KINDS))
    for (const keys of sizes) rows.push(await measure(name, mapped(fn), { keys, threads }))
  // A quarter of what these keys take, in partitions of which each fits into a thread's share.
  for (const [name, define] of Object.entries(QUARTER))
    for (const keys of sizes)
      for (const limited of [false, true])
        rows.push(
          await measure(limited ? `${name}, in a quarter` : name, define, {
            keys,
            threads,
            limited,
            partitions: PARTITIONS,
          }),
        )
  log(table(HEADS, rows.map(rowOf)))
  return rows
}

async function measure(name, define, { keys, threads, limited = false, partitions = threads }) {
  let context
  let ssc
  const batches = await Batches.start({
    threads,
    parallelism: partitions,
    options: { spare: false, ...(limited && { stateMemory: Math.max(KEY_BYTES * keys, threads * 2 ** 18) / 4 }) },
    define: (lines, of) => {
      ssc = of
      context = of.context
      define(lines.map((key) => [key, 1]))
        .count()
        .output('result')
    },
  })
  try {
    await batches.run(Buffer.from('\n'))
    const before = await use(context, ssc, threads)
    for (let from = 0; from < keys; from += ADDED)
      await batches.run(lines(Math.min(ADDED, keys - from), (i) => from + i))
    const next = random(7)
    const times = []
    const some = lines(Math.min(keys, UPDATES), () => Math.floor(next() * keys))
    for (let i = 0; i < SETTLE; i++) times.push((await batches.run(some)).time)
    const after = await use(context, ssc, threads)
    const ms = times.slice(2).sort((a, b) => a.ms - b.ms)
    const each = (part) => (after[part] - before[part]) / keys
    return {
      name,
      keys,
      heaps: each('heaps'),
      arrays: each('arrays'),
      snapshots: each('snapshots'),
      resident: each('resident'),
      peak: (process.resourceUsage().maxRSS * 1024 - before.resident) / keys,
      ms: ms[ms.length >> 1].ms,
      cpuMs: times.slice(2).reduce((sum, { cpuMs }) => sum + cpuMs, 0) / (times.length - 2),
    }
  } finally {
    await batches.stop()
  }
}

const lines = (count, keyOf) => Buffer.from(Array.from({ length: count }, (_, i) => `${keyOf(i)}\n`).join(''))

/** Bytes in use by all threads of the pool, without garbage. */
async function use(context, ssc, threads) {
  const seen = new Map()
  while (seen.size < threads) {
    const found = await context
      .parallelize(
        Array.from({ length: threads }, (_, i) => i),
        threads,
      )
      .mapPartitions(function* () {
        globalThis.gc?.()
        const until = performance.now() + 50
        while (performance.now() < until);
        const { heapUsed, arrayBuffers } = process.memoryUsage()
        globalThis.benchThread ??= Math.random()
        yield [globalThis.benchThread, heapUsed, arrayBuffers]
      })
      .collect()
    for (const [thread, heap, arrays] of found) seen.set(thread, { heap, arrays })
  }
  globalThis.gc?.()
  const all = [...seen.values()]
  const status = await ssc.status()
  return {
    heaps: all.reduce((sum, { heap }) => sum + heap, 0),
    arrays: all.reduce((sum, { arrays }) => sum + arrays, 0),
    snapshots: status.memory.state,
    resident: process.memoryUsage().rss,
  }
}

function rowOf({ name, keys, ms, cpuMs, ...bytes }) {
  const { heaps, arrays, snapshots, resident, peak } = bytes
  return [name, keys.toLocaleString('en-US'), ...[heaps, arrays, snapshots, resident, peak, ms, cpuMs].map(figure)]
}
