import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, ManualClock, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const run of cleanup.splice(0).reverse()) await run()
})
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-saving-'))
  cleanup.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}
function context(): Context {
  const ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
  cleanup.push(() => ctx.stop())
  return ctx
}
const part = (path: string) => readFileSync(join(path, 'part-00000'), 'utf8')

test('an existing directory is refused, or replaced as a whole with overwrite', async () => {
  const path = join(folder(), 'out')
  const ctx = context()
  await ctx.parallelize(['a', 'b'], 2).saveAsTextFile(path)
  await expect(ctx.parallelize(['c'], 1).saveAsTextFile(path)).rejects.toThrow(/overwrite: true/)
  await ctx.parallelize(['c'], 1).saveAsTextFile(path, { overwrite: true })
  expect(readdirSync(path).sort()).toEqual(['_SUCCESS', 'part-00000'])
  expect(part(path)).toBe('c\n')
  await ctx.parallelize(['x'], 1).saveAsObjectFile(path, { overwrite: true })
  expect(await ctx.objectFile(path).collect()).toEqual(['x'])
})

test.each([
  'saveAsTextFiles',
  'saveAsObjectFiles',
  'saveAsJsonFiles',
  'saveAsCsvFiles',
  'saveAsParquetFiles',
  'saveAsSequenceFiles',
  'saveAsHadoopFiles',
] as const)('%s refuses options in the place of the suffix', (operation) => {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false })
  cleanup.push(() => ssc.stop())
  const pairs = ssc.queueStream<[string, number]>([])
  expect(() => pairs[operation]('out/batch', { compression: 'gzip' } as never)).toThrow(
    `${operation}: suffix is an object; it must be a text such as 'txt', or '' for none.`,
  )
  expect(() => pairs[operation]('out/batch', null as never)).toThrow(`${operation}: suffix is null`)
})

test('a save that fails leaves nothing, and what it was to replace', async () => {
  const parent = folder()
  const ctx = context()
  const fails = ctx.parallelize(['a', 'b'], 2).map((text) => {
    if (text === 'b') throw new Error('no')
    return text
  })
  await expect(fails.saveAsTextFile(join(parent, 'new'))).rejects.toThrow()
  expect(readdirSync(parent)).toEqual([])
  await ctx.parallelize(['good'], 1).saveAsTextFile(join(parent, 'out'))
  await expect(fails.saveAsTextFile(join(parent, 'out'), { overwrite: true })).rejects.toThrow()
  expect(readdirSync(parent)).toEqual(['out'])
  expect(part(join(parent, 'out'))).toBe('good\n')
})

test('two saves to one path at a time: one is refused', async () => {
  const path = join(folder(), 'out')
  const rdd = context().parallelize(['a'], 1)
  const outcomes = await Promise.allSettled([1, 2].map(() => rdd.saveAsTextFile(path, { overwrite: true })))
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(part(path)).toBe('a\n')
})

test('inside of a batch a directory is replaced: the batch may run again', async () => {
  const path = join(folder(), 'out')
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock })
  cleanup.push(() => ssc.stop())
  ssc.queueStream([['a'], ['b']]).foreachRDD((rdd) => rdd.saveAsTextFile(path))
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  expect(part(path)).toBe('b\n')
})

const LEFT = {
  'before the first rename': (path: string) => {
    mkdirSync(join(path, '..', '_temporary-batch-1000', 'complete'), { recursive: true })
    writeFileSync(join(path, '..', '_temporary-batch-1000', 'complete', 'part-00007'), 'half')
  },
  'between the renames': (path: string) => {
    mkdirSync(join(path, '..', '_temporary-batch-1000', 'complete'), { recursive: true })
    renameSync(path, join(path, '..', '_temporary-batch-1000', 'replaced'))
  },
  'after the renames': (path: string) => {
    mkdirSync(join(path, '..', '_temporary-batch-1000', 'replaced'), { recursive: true })
    writeFileSync(join(path, '..', '_temporary-batch-1000', 'replaced', 'part-00000'), 'older')
  },
} satisfies Record<string, (path: string) => void>

test.each(Object.keys(LEFT) as (keyof typeof LEFT)[])(
  'what a process left that was killed %s stops no restart',
  async (when) => {
    const directory = folder()
    const path = join(directory, 'batch-1000')
    mkdirSync(path)
    writeFileSync(join(path, 'part-00000'), 'good\n')
    writeFileSync(join(path, '_SUCCESS'), '')
    LEFT[when](path)
    for (let restart = 0; restart < 2; restart++) {
      const clock = new ManualClock(0)
      const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock })
      cleanup.push(() => ssc.stop())
      ssc.queueStream([['a']]).saveAsTextFiles(join(directory, 'batch'))
      await ssc.start()
      await clock.advance(1000)
      await ssc.awaitIdle()
      expect(readdirSync(directory)).toEqual(['batch-1000'])
      expect(readFileSync(join(path, 'part-00000'), 'utf8') + String(existsSync(join(path, '_SUCCESS')))).toMatch(
        /^(a\n)?.*true$/,
      )
      expect(readdirSync(path)).not.toContain('part-00007')
    }
  },
)
