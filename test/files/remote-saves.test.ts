import { Context, ManualClock, StateError, StreamingContext } from 'millrace'
import { type MemoryFiles, memoryFiles } from 'millrace/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'

let files: MemoryFiles
const open: (() => unknown)[] = []
beforeEach(() => {
  files = memoryFiles()
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  files.close()
})

function context(): Context {
  const ctx = new Context({ threads: 2, spare: false, maxFailures: 1, fileSystems: { memory: files.system } })
  open.push(() => ctx.stop())
  return ctx
}
/** All files, as text. */
const texts = () => Object.fromEntries([...files.all()].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]))

test('saveAsTextFile writes parts and _SUCCESS, refuses what is there, and replaces it with overwrite', async () => {
  const ctx = context()
  await ctx.parallelize(['a', 'b', 'c'], 2).saveAsTextFile('memory://m/out')
  expect(texts()).toEqual({
    'memory://m/out/_SUCCESS': '',
    'memory://m/out/part-00000': 'a\n',
    'memory://m/out/part-00001': 'b\nc\n',
  })
  await expect(ctx.parallelize(['x']).saveAsTextFile('memory://m/out')).rejects.toThrow(/overwrite: true/)
  await ctx.parallelize(['x'], 1).saveAsTextFile('memory://m/out', { overwrite: true })
  expect(texts()).toEqual({ 'memory://m/out/_SUCCESS': '', 'memory://m/out/part-00000': 'x\n' })
  expect(await ctx.textFile('memory://m/out').collect()).toEqual(['x'])
})

test('object files and checkpoints of datasets are read as they were written', async () => {
  const ctx = context()
  await ctx.parallelize<unknown>([{ a: 1 }, new Map([[1, 2]]), 'x'], 3).saveAsObjectFile('memory://m/objects')
  expect(await ctx.objectFile('memory://m/objects').collect()).toEqual([{ a: 1 }, new Map([[1, 2]]), 'x'])
  ctx.setCheckpointDir('memory://m/checkpoints')
  const squares = ctx
    .range(0, 7, 1, 3)
    .map((x) => x * x)
    .checkpoint()
  expect(await squares.sum()).toBe(91)
  expect(squares.isCheckpointed()).toBe(true)
  const parts = await squares.glom().collect()
  expect(parts).toHaveLength(3)
  expect(parts.flat()).toEqual([0, 1, 4, 9, 16, 25, 36])
})

test('a checkpoint that has lost a file is refused', async () => {
  const ctx = context()
  ctx.setCheckpointDir('memory://m/checkpoints')
  const numbers = ctx.range(0, 6, 1, 3).checkpoint()
  await numbers.count()
  const part = [...files.all().keys()].find((path) => path.endsWith('part-00001'))!
  files.delete(part)
  await expect(numbers.collect()).rejects.toThrow(/has 2 files of 3/)
})

test('a save that fails leaves nothing, and what it was to replace', async () => {
  const ctx = context()
  const fails = ctx.parallelize(['a', 'b'], 2).map((text) => {
    if (text === 'b') throw new Error('no')
    return text
  })
  await expect(fails.saveAsTextFile('memory://m/new')).rejects.toThrow('no')
  expect(texts()).toEqual({})
  await ctx.parallelize(['good'], 1).saveAsTextFile('memory://m/out')
  await expect(fails.saveAsTextFile('memory://m/out', { overwrite: true })).rejects.toThrow('no')
  expect(texts()).toMatchObject({ 'memory://m/out/part-00000': 'good\n' })
  expect(Object.keys(texts())).toHaveLength(2)
})

test('parts of attempts that the driver did not accept are not published', async () => {
  const ctx = context()
  files.write('memory://m/_temporary-out/attempts/part-00000-old', 'lost\n')
  files.write('memory://m/_temporary-out/complete/part-00007', 'lost\n')
  await ctx.parallelize(['a'], 1).saveAsTextFile('memory://m/out', { overwrite: true })
  expect(texts()).toEqual({ 'memory://m/out/_SUCCESS': '', 'memory://m/out/part-00000': 'a\n' })
})

test('of two processes that save to a new path one is refused', async () => {
  const outcomes = await Promise.allSettled([
    context().parallelize(['a'], 1).saveAsTextFile('memory://m/out'),
    context().parallelize(['b'], 1).saveAsTextFile('memory://m/out'),
  ])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect((outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason).toBeInstanceOf(
    StateError,
  )
})

test('each batch is saved once, though threads are killed', async () => {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, fileSystems: { memory: files.system } })
  open.push(() => ssc.stop())
  const numbers = Array.from({ length: 5 }, (_, batch) => Array.from({ length: 100 }, (_, i) => batch * 100 + i))
  ssc.queueStream([...numbers]).saveAsTextFiles('memory://m/batch', 'txt')
  await ssc.start()
  for (let batch = 0; batch < 5; batch++) {
    await Promise.all([clock.advance(1000), killThread(ssc, batch % 2)])
    await ssc.awaitIdle()
  }
  const saved = [1, 2, 3, 4, 5].map((batch) =>
    Object.entries(texts())
      .filter(([path]) => path.startsWith(`memory://m/batch-${batch}000.txt/part-`))
      .flatMap(([, text]) => text.trimEnd().split('\n').map(Number)),
  )
  expect(saved).toEqual(numbers)
  expect([...files.all().keys()].filter((path) => path.includes('_temporary'))).toEqual([])
})
