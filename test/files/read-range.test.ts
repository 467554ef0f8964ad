import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { identityOf } from '#build/files/identity.js'
import { readFileRanges } from '#build/files/read-range.js'
import { decodeLines } from '#build/pool/blocks/text.js'
import fc from '../support/fast-check.js'

const directory = mkdtempSync(join(tmpdir(), 'millrace-ranges-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let path = join(directory, 'file')
beforeEach(() => {
  path = join(directory, 'file')
})

const whole = () => {
  const file = identityOf(statSync(path))
  return { path, start: 0, end: file.size, file }
}
function read(ranges = [whole()], sum?: number) {
  const lines: string[] = []
  return { sum: readFileRanges(ranges, sum, (text) => void lines.push(...decodeLines(text))), lines }
}
const change = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as { details: { change: string } }).details.change
  }
  return undefined
}

test('ranges of any size give every line once, with a byte order mark or without', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ maxLength: 8 }).map((s) => s.replace(/[\r\n]/g, '')),
        { maxLength: 12 },
      ),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.nat(100), { maxLength: 8 }),
      (lines, marked, ended, cuts) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '')
        writeFileSync(path, (marked ? '\ufeff' : '') + text)
        const { end: size, file } = whole()
        const at = [0, ...cuts.filter((cut) => cut < size).sort((a, b) => a - b), size]
        const got = at.slice(1).flatMap((end, i) => read([{ path, start: at[i]!, end, file }]).lines)
        expect(got).toEqual(decodeLines(Buffer.from(text.replace(/^\ufeff/, ''))))
      },
    ),
    { numRuns: 300 },
  )
})

test('forms that are not UTF-8 text are refused by name', () => {
  writeFileSync(path, Buffer.from('\ufeffa\n', 'utf16le'))
  expect(() => read()).toThrow(/UTF-16/)
  writeFileSync(path, gzipSync('a\n'))
  expect(() => read()).toThrow(/ends in \.gz/)
  path = join(directory, 'x.gz')
  writeFileSync(path, gzipSync('\ufeffa\nb'))
  expect(read().lines).toEqual(['a', 'b'])
  writeFileSync(path, Buffer.concat([gzipSync('a\n'), gzipSync('b\n')]))
  expect(read().lines).toEqual(['a', 'b'])
  writeFileSync(path, gzipSync('a\n'.repeat(1000)).subarray(0, 20))
  expect(() => read()).toThrow(/x\.gz cannot be decompressed/)
})

test('zstd files are decompressed by their ending, of one frame or several', () => {
  // Written by the zstd command line tool.
  const zstd = readFileSync(new URL('../fixtures/formats/lines.zst', import.meta.url))
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i + 1}`)
  path = join(directory, 'x.zst')
  writeFileSync(path, zstd)
  expect(read().lines).toEqual(lines)
  writeFileSync(path, Buffer.concat([zstd, zstd]))
  expect(read().lines).toEqual([...lines, ...lines])
  writeFileSync(path, zstd.subarray(0, 1000))
  expect(() => read()).toThrow(/x\.zst cannot be decompressed/)
  path = join(directory, 'x')
  writeFileSync(path, zstd)
  expect(() => read()).toThrow(/ends in \.zst/)
})

test('what was added after planning is not read, not even to the last line', () => {
  writeFileSync(path, 'a\nb')
  const planned = whole()
  appendFileSync(path, 'c\nd\n')
  expect(read([planned]).lines).toEqual(['a', 'b'])
})

test('a change is refused: cut, replaced, rewritten, gone', () => {
  const plan = () => {
    writeFileSync(path, 'one\ntwo\n')
    utimesSync(path, 1000, 1000)
    return whole()
  }
  let planned = plan()
  truncateSync(path, 4)
  expect(change(() => read([planned]))).toBe('truncated')
  planned = plan()
  writeFileSync(join(directory, 'other'), 'one\ntwo\n')
  renameSync(join(directory, 'other'), path)
  expect(change(() => read([planned]))).toBe('replaced')
  planned = plan()
  writeFileSync(path, 'ten\ntwo\n')
  expect(change(() => read([planned]))).toBe('modified')
  planned = plan()
  rmSync(path)
  expect(change(() => read([planned]))).toBe('missing')
})

test('a second read must find the bytes of the first, whatever the status of the file says', () => {
  writeFileSync(path, 'one\ntwo\n')
  const planned = whole()
  const { sum } = read([planned])
  utimesSync(path, 5, 5)
  expect(read([planned], sum).lines).toEqual(['one', 'two'])
  writeFileSync(path, 'ten\ntwo\nand more')
  expect(change(() => read([planned], sum))).toBe('modified')
})

test.skipIf(process.platform === 'win32')('a pipe in the place of a file makes nobody wait', () => {
  writeFileSync(path, 'a\n')
  const planned = whole()
  rmSync(path)
  execFileSync('mkfifo', [path])
  expect(change(() => read([planned]))).toBe('replaced')
  rmSync(path)
})
