import { Context } from 'millrace'
import { Batches } from './batches.mjs'
import { linesBuffer, linesFile } from './data.mjs'
import { countLines } from './plain.mjs'
import { versusTable } from './report.mjs'
import { versus } from './versus.mjs'

const BATCH_BYTES = 32 * 2 ** 20

/**
 * Runs one workload twice: over a file in a batch job, and over batches of a stream whose bytes have arrived before.
 *
 * - `ofFile(rdd)`: the result of the lines of the file, as a promise; `ofStream(lines)`: a stream of it
 * - `plainOfFile(path)`, `plain(bytes)`: the same by hand
 * - `normal(result)`: a form in which the results of all four can be compared
 */
export async function throughput(workload, { threads, bytes, runs }, log) {
  const data = linesBuffer(bytes)
  const batch = data.subarray(0, data.lastIndexOf(10, BATCH_BYTES) + 1)
  const options = { runs, normal: workload.normal, log }
  return {
    file: await overFile(workload, threads, linesFile(bytes), measure(data), options),
    batches: await overBatches(workload, threads, batch, measure(batch), options),
  }
}

function measure(bytes) {
  return { bytes: bytes.length, records: countLines(bytes) }
}

async function overFile({ ofFile, plainOfFile }, threads, path, volume, options) {
  options.log(`textFile, ${volume.records} lines`)
  const context = new Context({ threads })
  try {
    const millrace = { name: 'millrace', run: async () => ({ result: await ofFile(context.textFile(path)) }) }
    const plain = { name: 'plain loop', run: () => ({ result: plainOfFile(path) }) }
    return report(await versus(millrace, plain, options), volume, options)
  } finally {
    await context.stop()
  }
}

async function overBatches({ ofStream, plain: byHand }, threads, bytes, volume, options) {
  options.log(`\nbatches of a receiver, ${volume.records} lines each`)
  const batches = await Batches.start({ threads, define: (lines) => ofStream(lines).output('result') })
  try {
    const millrace = { name: 'millrace', run: () => batches.run(bytes) }
    const plain = { name: 'plain loop', run: () => ({ result: byHand(bytes) }) }
    return report(await versus(millrace, plain, options), volume, options)
  } finally {
    await batches.stop()
  }
}

function report(result, volume, { log }) {
  log(versusTable(result, volume))
  return { volume, ...result }
}
