import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs with a path that does not exist yet. Its folder is removed afterwards. */
async function withPath(run) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-reads-'))
  try {
    return await run(join(folder, 'data'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const saveThenRead = (save, read) => (rdd, _step, _seen, ctx) =>
  withPath(async (path) => {
    await rdd[save](path)
    return await ctx[read](path).collect()
  })

const SQUARES = `export const squares = {
  async *read({ from, to }) {
    for (let i = from; i < to; i++) yield [i * i]
  },
}`

/** Actions that save a dataset and read it again by a reader of the library, and others that read by a module of their own. */
export const READS = {
  saveThenReadJson: saveThenRead('saveAsJsonFile', 'jsonFile'),
  saveThenReadCsv: saveThenRead('saveAsCsvFile', 'csvFile'),
  saveThenReadParquet: saveThenRead('saveAsParquetFile', 'parquetFile'),
  saveThenReadSequence: saveThenRead('saveAsSequenceFile', 'sequenceFile'),
  /** Writes each record as four bytes, and reads them as records of fixed length. */
  readBinaryRecords: async (rdd, _step, _seen, ctx) => {
    const numbers = Int32Array.from(await rdd.collect())
    return await withPath(async (path) => {
      writeFileSync(path, Buffer.from(numbers.buffer))
      const records = ctx.binaryRecords(path, 4)
      return await records.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)).collect()
    })
  },
  /** Dead letters of lines that are no JSON: the rest, and their number. */
  readSomeJson: async (rdd, _step, _seen, ctx) => {
    const lines = await rdd.collect()
    return await withPath(async (path) => {
      writeFileSync(path, lines.join('\n'))
      const before = ctx.deadLetters.count
      const read = await ctx.jsonFile(path, { onRecordError: 'dead-letter' }).collect()
      return [read, ctx.deadLetters.count - before]
    })
  },
  /** A direct source whose reader is a module of the case. Its partitions are ranges of numbers. */
  readInput: async (rdd, _step, _seen, ctx) => {
    const partitions = (await rdd.collect()).map(([from, to]) => ({ from, to }))
    const input = await ctx.input({
      kind: 'direct',
      name: 'squares',
      reader: { module: `data:text/javascript,${encodeURIComponent(SQUARES)}`, export: 'squares' },
      create: () => ({ open: async () => {}, next: async () => ({ partitions }), close: async () => {} }),
    })
    return await input.collect()
  },
  /** The records, once computed and once read from the files of the checkpoint. */
  checkpointTwice: (rdd, _step, _seen, ctx) =>
    withPath(async (path) => {
      ctx.setCheckpointDir(path)
      rdd.checkpoint()
      const computed = await rdd.collect()
      if (!rdd.isCheckpointed()) throw new Error('there is no checkpoint after an action')
      return [computed, await rdd.collect()]
    }),
}
