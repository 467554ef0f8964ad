import Benchmark from 'benchmark'
import { blockBenches } from './micro/blocks.mjs'
import { codecBenches } from './micro/codec.mjs'
import { indexBenches } from './micro/indexes.mjs'
import { keyBenches } from './micro/keys.mjs'
import { taskBenches } from './micro/tasks.mjs'
import { figure, table } from './report.mjs'

/** Seconds of measurement for each. */
const SECONDS = 1.5

/**
 * Each group returns benches `{ name, run, items?, bytes? }` and a `close`. `run` performs one operation and returns a
 * value that depends on all of its work, or a promise; `items` and `bytes` are the amount of one operation.
 */
export async function run({ threads }, log) {
  const results = []
  for (const open of [codecBenches, blockBenches, keyBenches, indexBenches, taskBenches]) {
    const { benches, close } = await open({ threads })
    try {
      for (const bench of benches) results.push(await measure(bench))
    } finally {
      await close?.()
    }
  }
  log(
    table(
      ['', 'operation us', '+-', 'ns an item', 'MB/s', 'samples'],
      results.map(({ name, micros, rme, items, bytes, samples }) => [
        name,
        figure(micros),
        `${rme.toFixed(1)}%`,
        items ? figure((micros * 1000) / items) : '',
        bytes ? figure(bytes / micros) : '',
        String(samples),
      ]),
    ),
  )
  return results
}

/** The results of the last operations, stored so that the compiler cannot remove the work. */
const kept = { value: undefined }

function measure({ name, run: operate, items, bytes }) {
  return new Promise((resolve, reject) => {
    const first = operate()
    const defer = typeof first?.then === 'function'
    const fn = defer
      ? (deferred) => {
          operate().then(() => deferred.resolve(), reject)
        }
      : () => {
          kept.value = operate()
        }
    const bench = new Benchmark(name, { defer, fn, maxTime: SECONDS, async: true })
    bench.on('complete', () => {
      const { mean, rme, sample } = bench.stats
      if (bench.error) reject(bench.error)
      else resolve({ name, micros: mean * 1e6, rme, items, bytes, samples: sample.length })
    })
    Promise.resolve(first).then(() => bench.run({ async: true }), reject)
  })
}
