import { mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, FileChangedError, ManualClock, StreamingContext, type TextFileOptions, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const run of cleanup.splice(0).reverse()) await run()
})
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-change-'))
  cleanup.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const CHANGES = {
  'cut short': (path: string) => truncateSync(path, 100),
  'replaced by a rename': (path: string) => {
    writeFileSync(`${path}.new`, 'other\n'.repeat(1000))
    renameSync(`${path}.new`, path)
  },
  'rewritten, longer': (path: string) => writeFileSync(path, 'other\n'.repeat(5000)),
  'rewritten at the same size and time': (path: string) => {
    writeFileSync(path, 'lime\n'.repeat(1000))
    utimesSync(path, 10.5, 10.5)
  },
  deleted: (path: string) => rmSync(path),
} satisfies Record<string, (path: string) => void>

test.each(Object.keys(CHANGES) as (keyof typeof CHANGES)[])(
  'a file that is %s between two jobs that read it fails the second',
  async (how) => {
    const directory = folder()
    const path = join(directory, 'file')
    const clock = new ManualClock(10_000)
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock })
    cleanup.push(() => ssc.stop())
    const counts: number[] = []
    ssc.textFileStream(directory).foreachRDD(async (rdd) => {
      counts.push(await rdd.count())
      CHANGES[how](path)
      counts.push(await rdd.count())
    })
    await ssc.start()
    writeFileSync(path, 'line\n'.repeat(1000))
    utimesSync(path, 10.5, 10.5)
    await clock.advance(1000)
    const error = await ssc.awaitTermination().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(FileChangedError)
    expect((error as Error).message).toContain(path)
    expect(counts).toEqual([1000])
  },
)

test.each(Object.keys(CHANGES) as (keyof typeof CHANGES)[])(
  'a window still has the lines of a file that is %s after an earlier batch has read it, if all threads die',
  async (how) => {
    const directory = folder()
    const path = join(directory, 'file')
    const clock = new ManualClock(10_000)
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock })
    cleanup.push(() => ssc.stop())
    const counts: number[] = []
    ssc
      .textFileStream(directory)
      .window('3s')
      .foreachRDD(async (rdd) => void counts.push(await rdd.filter((line) => line === 'line').count()))
    await ssc.start()
    writeFileSync(path, 'line\n'.repeat(1000))
    utimesSync(path, 10.5, 10.5)
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(counts).toEqual([1000])
    CHANGES[how](path)
    const engine = localEngineOf(ssc)
    await Promise.all(engine.pool!.threads().map((thread) => engine.pool!.terminate(thread)))
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(counts).toEqual([1000, 1000])
  },
)

const BEFORE_READING = ['cut short', 'replaced by a rename', 'rewritten at the same size'] as const
const CHANGE_FIRST = {
  ...CHANGES,
  'rewritten at the same size': (path: string) => writeFileSync(path, 'lime\n'.repeat(1000)),
}

describe.each(BEFORE_READING)('a file that is %s before any of it was read', (how) => {
  /** Runs one batch of two files; the first is changed after the batch has them, and before its tasks read them. */
  async function batchOf(options: TextFileOptions) {
    const directory = folder()
    const path = join(directory, 'a')
    const clock = new ManualClock(10_000)
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock, logger, maxFailures: 1 })
    cleanup.push(() => ssc.stop())
    const got: string[][] = []
    let isChanged = false
    const changed = ssc.textFileStream(directory, options).transform((rdd) => {
      if (!isChanged) CHANGE_FIRST[how](path)
      isChanged = true
      return rdd
    })
    for (let output = 0; output < 2; output++)
      changed.foreachRDD(async (rdd) => void got.push(await rdd.distinct().collect()))
    await ssc.start()
    writeFileSync(path, 'line\n'.repeat(1000))
    writeFileSync(join(directory, 'b'), 'other file\n')
    for (const name of ['a', 'b']) utimesSync(join(directory, name), 10.5, 10.5)
    await clock.advance(1000)
    const error = await ssc.awaitIdle().catch((thrown: unknown) => thrown)
    return { path, got, error, warnings: warnings.filter((text) => text.includes(`${path} is left out`)) }
  }

  test('fails its batch with an error that names it', async () => {
    const { path, got, error } = await batchOf({})
    expect(error).toBeInstanceOf(FileChangedError)
    expect((error as Error).message).toContain(path)
    expect(got).toEqual([])
  })

  test("with onFileChanged 'skip' is left out of all outputs, with one warning, and costs no attempt", async () => {
    const { got, error, warnings } = await batchOf({ onFileChanged: 'skip' })
    expect(error).toBeUndefined()
    expect(got).toEqual([['other file'], ['other file']])
    expect(warnings).toHaveLength(1)
  })
})

test('a file that is cut while it is read for the first time fails its job', async () => {
  const path = join(folder(), 'file')
  writeFileSync(path, `first\n${'line\n'.repeat(500_000)}`)
  const ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
  cleanup.push(() => ctx.stop())
  const cut = withEnv({ path }, (line: string) => {
    if (line === 'first') process.getBuiltinModule('node:fs').truncateSync(path, 100)
    return line
  })
  const error = await ctx
    .textFile(path, 1)
    .map(cut)
    .count()
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(FileChangedError)
  expect((error as Error).message).toContain(path)
})

test('a file that is deleted before any of it was read is left out, with a warning', async () => {
  const directory = folder()
  const clock = new ManualClock(10_000)
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock, logger })
  cleanup.push(() => ssc.stop())
  const got: string[][] = []
  const stream = ssc.textFileStream(directory).transform((rdd) => {
    rmSync(join(directory, 'a'), { force: true })
    return rdd
  })
  stream.foreachRDD(async (rdd) => void got.push(await rdd.collect()))
  stream.foreachRDD(async (rdd) => void got.push(await rdd.collect()))
  await ssc.start()
  for (const name of ['a', 'b']) {
    writeFileSync(join(directory, name), `${name}\n`)
    utimesSync(join(directory, name), 10.5, 10.5)
  }
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(got).toEqual([['b'], ['b']])
  expect(warnings.filter((text) => text.includes(join(directory, 'a')))).toHaveLength(1)
})

test('textFile resolves its path when it is called, takes URLs, links and * in names', async () => {
  const directory = folder()
  writeFileSync(join(directory, 'one#1.txt'), 'a\n')
  writeFileSync(join(directory, 'two 2.txt'), 'b\n')
  writeFileSync(join(directory, '_SUCCESS'), 'no\n')
  const ctx = new Context({ threads: 1, spare: false })
  cleanup.push(() => ctx.stop())
  expect(await ctx.textFile(join(directory, '*.txt')).collect()).toEqual(['a', 'b'])
  expect(await ctx.textFile(new URL(`file://${directory}/one%231.txt`)).collect()).toEqual(['a'])
  expect(await ctx.textFile(directory).collect()).toEqual(['a', 'b'])
  await expect(ctx.textFile('/dev/null').collect()).rejects.toThrow(/device/)
  await expect(ctx.textFile(join(directory, '*.csv')).collect()).rejects.toThrow(/cannot be read/)
  expect(() => ctx.textFile('http://host/file')).toThrow(/one of these file systems: file:/)
})
