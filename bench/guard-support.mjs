import { Batches } from './batches.mjs'

export const THREADS = 2

/** Batches whose result is that of `define(lines, ssc)`, computed by `threads` threads from two partitions. */
export async function measured(name, define, threads = THREADS) {
  const batches = await Batches.start({
    threads,
    parallelism: THREADS,
    define: (lines, ssc) => define(lines, ssc).output('result'),
  })
  return { name, run: (bytes) => batches.run(bytes), close: () => batches.stop() }
}

/** Sorts pairs by their keys; returns results of other kinds unchanged. */
export function sortedPairs(result) {
  if (!Array.isArray(result[0])) return result
  return [...result].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Runs `run` this many times as one: returns the last result and the total time. */
export async function together(times, run) {
  const time = { ms: 0, cpuMs: 0, foreignCores: 0 }
  let result
  for (let i = 0; i < times; i++) {
    const one = await run(i)
    result = one.result
    time.ms += one.time.ms
    time.cpuMs += one.time.cpuMs
    time.foreignCores += one.time.foreignCores / times
  }
  return { result, time }
}
