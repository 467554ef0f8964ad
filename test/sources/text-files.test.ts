import { link, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { ArgumentError, Context, SourceError } from '#build/index.js'
import { AssignedFiles } from '#build/sources/assigned-files.js'
import { type TextFileOptions, textFileSource } from '#build/sources/text-files.js'
import fc from '../support/fast-check.js'
import { closing } from './loopback.js'

const files = new FileSystems({}, () => Promise.reject())
const services = { files, now: () => 12_000 }
let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-files-'))
  closing(() => rm(directory, { recursive: true, force: true }))
})

async function file(name: string, modified: number, text = `${name}\n`): Promise<void> {
  const path = join(directory, name)
  await writeFile(path, text)
  await utimes(path, modified / 1000, modified / 1000)
}

async function open(options: TextFileOptions = {}, pattern = directory, interval = 2000, now = services.now) {
  const reader = textFileSource(pattern, options, { files, now }).create()
  await reader.open(12_000, interval)
  const names = async (time: number) => (await reader.next(time)).partitions.map((range) => basename(range.path))
  return { reader, names }
}

test.each([
  [true, []],
  [false, ['0']],
])('S1, S2: newFilesOnly %s', async (newFilesOnly, first) => {
  await file('0', 10_000)
  const { names } = await open({ newFilesOnly })
  const taken: string[][] = [await names(14_000)]
  for (let i = 1; i <= 5; i++) {
    await file(String(i), 13_000 + i * 2000)
    taken.push(await names(14_000 + i * 2000))
  }
  expect(taken).toEqual([first, ['1'], ['2'], ['3'], ['4'], ['5']])
})

test('S3: a wildcard in the path', async () => {
  await mkdir(join(directory, 'a'))
  await mkdir(join(directory, 'b'))
  await mkdir(join(directory, '.hidden'))
  const { names } = await open({}, join(directory, '*/'))
  await file('a/1', 13_000)
  await file('b/2', 13_001)
  await file('direct', 13_000)
  await file('.hidden/3', 13_000)
  expect(await names(14_000)).toEqual(['1', '2'])
})

test('S4: a directory that is renamed to match', async () => {
  await mkdir(join(directory, 'other'))
  const { names } = await open({ minRemember: 4000 }, join(directory, 'sub*'))
  await file('other/existing', 13_000)
  expect(await names(14_000)).toEqual([])
  await file('other/renamed', 17_000)
  await rename(join(directory, 'other'), join(directory, 'sub+1'))
  expect(await names(18_000)).toEqual(['renamed'])
})

test('S6: a file is taken by the first batch that is not before it, and once', async () => {
  await file('exact', 14_000)
  await file('later', 14_001)
  const { names } = await open()
  expect(await names(14_000)).toEqual(['exact'])
  expect(await names(16_000)).toEqual(['later'])
  await file('exact', 17_000)
  expect(await names(18_000)).toEqual([])
})

test('the lag counts the files of a batch, and those that are left to later ones', async () => {
  await file('now', 13_000)
  await file('later', 15_000)
  await file('last', 17_000)
  const { reader } = await open()
  const part = (taken: number, left: number) => ({ unit: 'files', parts: [{ name: directory, taken, left }] })
  expect((await reader.next(14_000)).lag).toEqual(part(1, 2))
  expect((await reader.next(16_000)).lag).toEqual(part(1, 1))
  expect((await reader.next(18_000)).lag).toEqual(part(1, 0))
  expect((await reader.next(20_000)).lag).toEqual(part(0, 0))
})

test('S6: the remember window is rounded up to whole batches and forgets', async () => {
  const { names } = await open({ newFilesOnly: false, minRemember: 3000 })
  // 3,000 ms are two batches of 2,000: at 20,000 what is newer than 16,000.
  await file('old', 16_000)
  await file('young', 16_001)
  expect(await names(20_000)).toEqual(['young'])
  await file('young', 23_000)
  expect(await names(22_000)).toEqual([])
  // The same file with other contents: its lines would come twice.
  expect(await names(24_000)).toEqual([])
  await file('other', 25_000)
  await rename(join(directory, 'other'), join(directory, 'young'))
  expect(await names(26_000)).toEqual(['young'])
})

test('the threshold is the time at which the source was made', async () => {
  await file('same', 12_000)
  await file('after', 12_001)
  expect(await (await open()).names(14_000)).toEqual(['after'])
})

test('S7: an old file and a clock from 0', async () => {
  await file('a', 1000)
  expect(await (await open({}, directory, 1000, () => 0)).names(1000)).toEqual(['a'])
})

test('a directory that is missing, or comes later', async () => {
  const late = join(directory, 'late')
  const { reader, names } = await open({}, late)
  expect(await reader.next(14_000)).toMatchObject({
    partitions: [],
    description: `${late} does not exist`,
    warnings: [`the directory ${late} does not exist; batches are empty until it does`],
  })
  expect(await reader.next(15_000)).toMatchObject({ warnings: [] })
  await mkdir(late)
  await file('late/1', 15_000)
  expect(await names(16_000)).toEqual(['1'])
})

test('sorted by time, then by name; hidden files, directories and broken links are no input', async () => {
  await file('b', 13_000)
  await file('a', 13_000)
  await file('c', 12_500)
  await file('.d', 13_000)
  await mkdir(join(directory, 'e'))
  await symlink(join(directory, 'nowhere'), join(directory, 'f'))
  await file('empty', 13_500, '')
  const { reader } = await open()
  const batch = await reader.next(14_000)
  expect(batch.partitions.map((range) => basename(range.path))).toEqual(['c', 'a', 'b'])
  expect(batch.description).toMatch(/^4 files: .*c, .*a, .*b, .*empty$/)
})

test('a filter of your own replaces the default', async () => {
  await file('.a', 13_000)
  await file('b', 13_000)
  const { names } = await open({ filter: (name, path) => name === '.a' && path === join(directory, '.a') })
  expect(await names(14_000)).toEqual(['.a'])
})

test('large files are split without gaps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 100 }), async (size, splitBytes) => {
      await file('x', 13_000, 'x'.repeat(size))
      const { reader } = await open({ splitBytes })
      const { partitions: ranges } = await reader.next(14_000)
      expect(ranges).toHaveLength(Math.ceil(size / splitBytes))
      let at = 0
      for (const range of ranges) {
        expect(range.start).toBe(at)
        expect(range.end).toBeGreaterThan(at)
        expect(range.end - range.start).toBeLessThanOrEqual(splitBytes)
        at = range.end
      }
      expect(at).toBe(size)
    }),
    { numRuns: 50 },
  )
})

test('a reader made anew has taken nothing', async () => {
  await file('a', 13_000)
  const source = textFileSource(directory, {}, services)
  for (let i = 0; i < 2; i++) {
    const reader = source.create()
    await reader.open(12_000, 1000)
    expect((await reader.next(14_000)).partitions).toHaveLength(1)
    await reader.close()
  }
})

test('arguments are checked', () => {
  expect(() => textFileSource('', {}, services)).toThrow(ArgumentError)
  expect(() => textFileSource('x', { splitBytes: 0 }, services)).toThrow(/splitBytes is 0/)
  expect(() => textFileSource('x', { minRemember: 1.5 }, services)).toThrow(/minRemember/)
})

test('faults of single entries are reported once, and end nothing', async () => {
  await symlink('loop', join(directory, 'loop'))
  await symlink('nowhere', join(directory, 'dangling'))
  const { reader } = await open()
  await file('a.bz2', 13_000)
  await file('good', 13_000)
  const first = await reader.next(14_000)
  expect(first.partitions.map(({ path }) => basename(path))).toEqual(['good'])
  expect([...first.warnings!].sort().map((text) => text.slice(directory.length + 1))).toEqual([
    'a.bz2 is not read: .bz2 files cannot be read; decompress the file, or compress it with gzip or zstd',
    'dangling is not read: it is a link to a missing file',
    'loop is not read: it is a link to a missing file',
  ])
  expect((await reader.next(16_000)).warnings).toEqual([])
})

test('a name that is not UTF-8 is reported instead of left out in silence', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${directory}/`), Buffer.of(0xff, 0x61)]), 'lost?')
  const { reader } = await open({ newFilesOnly: false })
  const { warnings } = await reader.next(14_000)
  expect(warnings).toEqual([expect.stringContaining('is not read: its name is not UTF-8; rename it')])
  const ctx = new Context({ threads: 1, spare: false })
  closing(() => ctx.stop())
  await expect(ctx.textFile(directory).count()).rejects.toThrow(SourceError)
})

test('a file that was appended to is not read again, however long ago it was assigned, and this is said once', async () => {
  const { reader, names } = await open({ minRemember: 2000 })
  await file('log', 13_000)
  expect(await names(14_000)).toEqual(['log'])
  for (let time = 16_000; time <= 30_000; time += 2000) {
    await file('log', time - 500, 'x'.repeat(time))
    const { partitions: ranges, warnings } = await reader.next(time)
    expect([ranges, warnings!.length]).toEqual([[], time === 16_000 ? 1 : 0])
  }
})

test('a file that is renamed after it was assigned is not read again', async () => {
  const { names } = await open()
  await file('a', 13_000)
  expect(await names(14_000)).toEqual(['a'])
  await rename(join(directory, 'a'), join(directory, 'b'))
  expect(await names(16_000)).toEqual([])
})

test('files that are renamed to the paths of others are not read again: a rotation of logs, and a swap', async () => {
  const { names } = await open()
  const move = (from: string, to: string) => rename(join(directory, from), join(directory, to))
  await file('log.1', 13_000)
  await file('log.2', 13_001)
  await file('log.3', 13_002)
  expect(await names(14_000)).toEqual(['log.1', 'log.2', 'log.3'])
  for (const n of [3, 2, 1]) await move(`log.${n}`, `log.${n + 1}`)
  await file('log.1', 15_000, 'new lines\n')
  expect(await names(16_000)).toEqual(['log.1'])
  await move('log.1', 'other')
  await move('log.2', 'log.1')
  await move('other', 'log.2')
  expect(await names(18_000)).toEqual([])
})

test('a file that grew is not read again after it is renamed either', async () => {
  const { names } = await open()
  await file('log', 13_000)
  expect(await names(14_000)).toEqual(['log'])
  await file('log', 15_000, 'more\nlines\n')
  expect(await names(16_000)).toEqual([])
  await rename(join(directory, 'log'), join(directory, 'log.1'))
  expect(await names(18_000)).toEqual([])
})

test('two names of one file are two files', async () => {
  const { names } = await open()
  await file('a', 13_000)
  await link(join(directory, 'a'), join(directory, 'b'))
  expect(await names(14_000)).toEqual(['a', 'b'])
  expect(await names(16_000)).toEqual([])
})

describe('a file system gives a new file the id of a deleted one', () => {
  const file = (mtimeMs: number, size = 10) => ({ id: 7, size, mtimeMs })

  test('at its path: read once a listing was without the old one', () => {
    const assigned = new AssignedFiles()
    assigned.add('a', file(1), 1000)
    assigned.forget(new Map(), 0)
    expect(assigned.state('a', file(2), new Map([['a', 7]]))).toBe('new')
  })

  test('at another path: read', () => {
    const assigned = new AssignedFiles()
    assigned.add('a', file(1), 1000)
    expect(assigned.state('b', file(2), new Map([['b', 7]]))).toBe('new')
  })

  test('on another device: neither hides the other', () => {
    const assigned = new AssignedFiles()
    assigned.add('a', file(1), 1000)
    assigned.add('b', file(2), 1000)
    const listed = new Map([
      ['a', 7],
      ['b', 7],
    ])
    assigned.forget(listed, 1000)
    expect([assigned.state('a', file(1), listed), assigned.state('b', file(2), listed)]).toEqual([
      'assigned',
      'assigned',
    ])
  })
})

test('a directory that is gone for a while has no new files when it is back', async () => {
  const { names } = await open({ minRemember: 2000 })
  await file('a', 13_000)
  expect(await names(14_000)).toEqual(['a'])
  await rename(directory, `${directory}-away`)
  expect(await names(16_000)).toEqual([])
  await rename(`${directory}-away`, directory)
  await file('a', 17_000, 'one more line\n')
  expect(await names(18_000)).toEqual([])
})

test('a file that appears with an old time is ignored with a warning', async () => {
  await file('there before', 1000)
  const { reader } = await open({ minRemember: 4000 })
  expect((await reader.next(14_000)).warnings).toEqual([])
  await file('moved in', 2000)
  const { partitions: ranges, warnings } = await reader.next(16_000)
  expect(ranges).toEqual([])
  expect(warnings).toEqual([expect.stringMatching(/moved in appeared with a modification time too long ago/)])
})

test('batches that an earlier process decided are not decided again', async () => {
  await file('a', 13_000)
  const before = await open()
  const batch = await before.reader.next(14_000)
  const { reader } = await open()
  reader.replay!(14_000, JSON.parse(JSON.stringify(batch)))
  expect((await reader.next(16_000)).partitions).toEqual([])
})
