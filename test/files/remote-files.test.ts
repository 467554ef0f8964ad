import { gzipSync } from 'node:zlib'
import { Context, FileChangedError, ManualClock, SourceError, StreamingContext } from 'millrace'
import { type MemoryFiles, memoryFiles } from 'millrace/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { memoryFileSystem } from '#build/files/memory.js'
import { readAwaitedRanges } from '#build/files/read-awaited.js'
import { decodeLines } from '#build/pool/blocks/text.js'
import fc from '../support/fast-check.js'
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

function context(threads = 2): Context {
  const ctx = new Context({ threads, spare: false, maxFailures: 1, fileSystems: { memory: files.system } })
  open.push(() => ctx.stop())
  return ctx
}

/** The file systems of a thread without an engine. */
function systems(): FileSystems {
  const made = new FileSystems({ memory: files.system }, async () => memoryFileSystem)
  open.push(() => made.close())
  return made
}

test('ranges of any size give every line once, with a byte order mark or without', async () => {
  const system = systems()
  const path = 'memory://m/lines'
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 8 }).map((s) => s.replace(/[\r\n]/g, '')),
        { maxLength: 12 },
      ),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.nat(100), { maxLength: 8 }),
      async (lines, marked, ended, cuts) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '')
        files.write(path, (marked ? '\ufeff' : '') + text)
        const { file } = (await (await system.of(path)).stat(path))!
        const at = [0, ...cuts.filter((cut) => cut < file.size).sort((a, b) => a - b), file.size]
        const ranges = at.slice(1).map((end, i) => ({ path, start: at[i]!, end, file }))
        const signal = new AbortController().signal
        const { pieces } = await readAwaitedRanges(ranges, undefined, {
          files: system,
          signal,
          progress: () => {},
        })
        const got = pieces.flatMap((bytes) => (bytes.length > 0 ? decodeLines(bytes) : []))
        const expected = text === '' ? [] : text.replace(/\n$/, '').split('\n')
        expect(got).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('a line far longer than its range is read to its end', async () => {
  const long = 'x'.repeat(300_000)
  files.write('memory://m/long', `a\n${long}\nb`)
  expect(
    await context()
      .textFile('memory://m/long', 40)
      .map((line) => line.length)
      .collect(),
  ).toEqual([1, 300_000, 1])
})

test('textFile reads a file, a directory without hidden names, a pattern and .gz files', async () => {
  files.write('memory://m/in/a.txt', 'a1\na2\n')
  files.write('memory://m/in/b.txt', 'b1')
  files.write('memory://m/in/c.gz', gzipSync('c1\nc2\n'))
  files.write('memory://m/in/_SUCCESS', '')
  files.write('memory://m/in/_temporary/d.txt', 'no')
  files.write('memory://m/other/a.txt', 'o1\n')
  const ctx = context()
  const lines = async (path: string) => (await ctx.textFile(path).collect()).sort()
  expect(await lines('memory://m/in/a.txt')).toEqual(['a1', 'a2'])
  expect(await lines('memory://m/in')).toEqual(['a1', 'a2', 'b1', 'c1', 'c2'])
  expect(await lines('MEMORY://m/in//./x/../')).toEqual(['a1', 'a2', 'b1', 'c1', 'c2'])
  expect(await lines('memory://m/*/a.txt')).toEqual(['a1', 'a2', 'o1'])
  expect(await ctx.textFile('memory://m/in/a.txt').countByValue()).toEqual(
    new Map([
      ['a1', 1],
      ['a2', 1],
    ]),
  )
})

test('what cannot be read is an error that names it', async () => {
  const ctx = context()
  await expect(ctx.textFile('memory://m/none').count()).rejects.toThrow(SourceError)
  expect(() => ctx.textFile('ftp://host/x')).toThrow(/takes a path or a URL of .*file:.*memory:/)
  expect(() => ctx.textFile('memory://user:secret@m/x')).toThrow(/fileSystems/)
  expect(() => ctx.textFile('memory://user:secret@m/x')).not.toThrow(/secret/)
})

test('a file that changes between two actions fails the second', async () => {
  files.write('memory://m/a', 'one\ntwo\n')
  const lines = context().textFile('memory://m/a')
  expect(await lines.count()).toBe(2)
  files.write('memory://m/a', 'ONE\nTWO\n')
  await expect(lines.count()).rejects.toThrow(FileChangedError)
})

test('the options of a file system are checked', () => {
  const make = (fileSystems: unknown) => () => new Context({ fileSystems: fileSystems as never })
  expect(make(5)).toThrow(/fileSystems is 5/)
  expect(make({ file: files.system })).toThrow(/scheme other than file/)
  expect(make({ ftp: { secret: 'x' } })).toThrow(/fileSystems.ftp is not a file system/)
})

test('textFileStream reads new files, each in one batch, though a thread is killed', async () => {
  // Files are older than the batches that read them, however long those take.
  const clock = new ManualClock(Date.now() + 3_600_000)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, fileSystems: { memory: files.system } })
  open.push(() => ssc.stop())
  const seen: string[][] = []
  ssc
    .textFileStream('memory://m/in', { newFilesOnly: false, minRemember: 7_200_000, splitBytes: 4 })
    .foreachRDD(async (rdd) => {
      seen.push((await rdd.collect()).sort())
    })
  await ssc.start()
  for (let batch = 0; batch < 3; batch++) {
    files.write(`memory://m/in/${batch}.txt`, `a${batch}\nb${batch}\nc${batch}\n`)
    await Promise.all([clock.advance(1000), killThread(ssc, batch % 2)])
    await ssc.awaitIdle()
  }
  expect(seen).toEqual([0, 1, 2].map((n) => [`a${n}`, `b${n}`, `c${n}`]))
})
