import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StreamingContext } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { UsageError } from './options.mjs'
import { soakPlot } from './plot/soak.mjs'
import { figure, table } from './report.mjs'
import { FIGURES, growth, sample } from './soak/samples.mjs'

const KEYS = 1000
/** Records of a push. There is one for each batch. */
const RECORDS = 20
const SAMPLES = 300
/** A shorter run is warm-up: its growth says nothing. */
const WARM_UP = 10_000

/**
 * Runs batches of 10 ms on the system clock, with log, checkpoints, state, a window, and a thread that is terminated every five
 * seconds. Memory, handles and files must stay flat after warm-up, and no record may be lost or doubled.
 */
export async function soak(words, log) {
  const { batches, interval, killEvery, plot } = parseSoak(words)
  const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-soak-'))
  try {
    const run = await observe({ batches, interval, killEvery, checkpointDir }, log)
    const rows = growth(run.samples)
    log(
      table(
        ['', 'middle third', 'last third', 'ratio', 'at most', 'result'],
        rows.map(({ name, before, after, ratio, most }) => [
          name,
          figure(before),
          figure(after),
          ratio.toFixed(2),
          most.toFixed(2),
          batches < WARM_UP ? 'warm-up' : ratio <= most ? 'flat' : 'GROWS',
        ]),
      ),
    )
    const title = `${run.done.toLocaleString('en-US')} batches of ${interval} ms, ${run.kills} threads terminated`
    log(`${title}, ${run.seconds} s; pushed ${run.pushed} records, counted ${run.counted}`)
    if (plot) {
      const panels = Object.keys(FIGURES).map((name) => ({
        title: name,
        values: run.samples.map((each) => each[name]),
      }))
      writeFileSync(plot, soakPlot(title, run.at, panels))
      log(`written to ${plot}`)
    }
    const grows = batches >= WARM_UP && rows.some(({ ratio, most }) => ratio > most)
    if (run.pushed !== run.counted || grows) process.exitCode = 1
  } finally {
    rmSync(checkpointDir, { recursive: true })
  }
}

function memoryText() {
  const parts = Object.entries(process.memoryUsage()).map(([name, bytes]) => `${name} ${Math.round(bytes / 2 ** 20)}`)
  return `MiB: ${parts.join(', ')}`
}

async function observe({ batches, interval, killEvery, checkpointDir }, log) {
  const ssc = new StreamingContext({ batchInterval: interval, threads: 2, checkpointDir, writeAheadLog: true })
  const pairs = ssc.pushStream('pairs')
  let counted = 0
  pairs
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => {
      for (const [, n] of await rdd.collect()) counted += n
    })
  pairs.updateStateByKey((values, total = 0) => values.reduce((a, b) => a + b, total)).foreachRDD((rdd) => rdd.count())
  pairs
    .reduceByKeyAndWindow((a, b) => a + b, 100 * interval, 10 * interval, { inverse: (a, b) => a - b })
    .foreachRDD((rdd) => rdd.count())
  await ssc.start()
  const began = performance.now()
  const input = ssc.pushHandle('pairs')
  const [samples, at] = [[], []]
  let [done, pushed, kills, next] = [0, 0, 0, 0]
  const killer = setInterval(() => {
    terminateThread(ssc, kills++ % 2).catch((error) => log(`a thread did not end: ${error.message}`))
  }, killEvery)
  const pump = setInterval(() => {
    const records = Array.from({ length: RECORDS }, (_, i) => [`key ${(pushed + i) % KEYS}`, 1])
    pushed += RECORDS
    void input.pushAll(records)
  }, interval)
  await new Promise((resolve, reject) => {
    ssc.awaitTermination().catch(reject)
    ssc.on('batchCompleted', () => {
      done++
      if (done >= next && done <= batches) {
        samples.push(sample(checkpointDir))
        at.push(done)
        next += batches / SAMPLES
        if (samples.length % 30 === 0) log(`${done.toLocaleString('en-US')} batches, ${kills} kills, ${memoryText()}`)
      }
      if (done >= batches) resolve()
    })
  })
  clearInterval(killer)
  clearInterval(pump)
  await ssc.stop({ graceful: true, timeout: '10m' })
  return { samples, at, done, kills, pushed, counted, seconds: Math.round((performance.now() - began) / 1000) }
}

export function parseSoak(words) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        batches: { type: 'string', default: '100000' },
        interval: { type: 'string', default: '10' },
        'kill-every': { type: 'string', default: '5000' },
        plot: { type: 'string' },
      },
    })
    const [batches, interval, killEvery] = [values.batches, values.interval, values['kill-every']].map(Number)
    if (!(batches >= 30 && interval >= 1 && killEvery >= 100)) throw new TypeError('A number is too small.')
    return { batches, interval, killEvery, plot: values.plot }
  } catch (error) {
    throw new UsageError(
      `${error.message}\nusage: npm run bench -- soak [--batches 100000] [--interval 10] [--kill-every 5000] [--plot file.svg]`,
    )
  }
}
