import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Batches } from './batches.mjs'
import { linesBuffer } from './data.mjs'
import { countLines } from './plain.mjs'
import { versusTable } from './report.mjs'
import { versus } from './versus.mjs'

const BATCH_BYTES = 32 * 2 ** 20
/** The output of the second is as large as its input. */
const PIPELINES = {
  'word count': (lines) =>
    lines
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b),
  'a record out for each line in': (lines) => lines.map((line) => [line.length, line]),
}

/** Measures the cost of replayRetention: the digests of outputs. */
export async function run({ threads, bytes, runs }, log) {
  const batch = linesBuffer(Math.min(bytes, BATCH_BYTES))
  const results = {}
  for (const [name, stream] of Object.entries(PIPELINES)) {
    log(`${name}, with checkpoints`)
    results[name] = await compared(threads, batch, runs, stream, log)
  }
  return results
}

async function compared(threads, bytes, runs, stream, log) {
  const volume = { bytes: bytes.length, records: countLines(bytes) }
  const root = mkdtempSync(join(tmpdir(), 'millrace-bench-digests-'))
  const define = (lines) => stream(lines).output('result')
  const start = (name, options) =>
    Batches.start({ threads, define, options: { checkpointDir: join(root, name), ...options } })
  const [a, b] = [await start('with', { replayRetention: '1h' }), await start('without', {})]
  const contender = (name, batches) => ({
    name,
    run: async () => {
      const { result, time } = await batches.run(bytes)
      return { result: result.length, time }
    },
  })
  try {
    const result = await versus(contender('digests', a), contender('none', b), { runs, log })
    log(versusTable(result, volume))
    return { volume, ...result }
  } finally {
    await Promise.all([a.stop(), b.stop()])
    rmSync(root, { recursive: true })
  }
}
