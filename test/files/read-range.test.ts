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
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
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

/** `bytes` zeros as gzip, in members of 1 MiB: about 1 kB of file each. */
function zerosAsGzip(bytes: number): Buffer {
  const MIB = 2 ** 20
  const rest = gzipSync(Buffer.alloc(bytes % MIB))
  return Buffer.concat([...new Array<Buffer>(Math.floor(bytes / MIB)).fill(gzipSync(Buffer.alloc(MIB))), rest])
}

const reason = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    const { code, details, message } = error as { code: string; details: object; message: string }
    return { code, details, message }
  }
  return undefined
}
/** The number of bytes of text in the file, which is not decoded. */
function size(): number {
  let sum = 0
  readFileRanges([whole()], undefined, (text) => {
    sum += text.length
  })
  return sum
}

describe('a line of 256 MiB is read, a longer one is refused by its byte', () => {
  const longest = 256 * 2 ** 20

  test('in a file', () => {
    // The file has a hole: it takes no room on the disk.
    writeFileSync(path, 'a\n')
    truncateSync(path, 2 + longest)
    expect(size()).toBe(2 + longest)
    appendFileSync(path, '\nb\n')
    expect(size()).toBe(2 + longest + 3)
    truncateSync(path, 2 + longest)
    truncateSync(path, 2 + longest + 1)
    appendFileSync(path, '\nb\n')
    const refused = { code: 'ERR_MILLRACE_SOURCE', details: { path, position: 2, limit: longest } }
    expect(reason(size)).toMatchObject(refused)
  })

  test('in a compressed file', () => {
    path = join(directory, 'long.gz')
    const newline = gzipSync('\n')
    writeFileSync(path, Buffer.concat([newline, zerosAsGzip(longest), newline]))
    expect(size()).toBe(longest + 2)
    writeFileSync(path, Buffer.concat([newline, zerosAsGzip(longest + 1), newline]))
    expect(reason(size)).toMatchObject({
      code: 'ERR_MILLRACE_SOURCE',
      details: { path, position: 1, limit: longest },
    })
  })
})

/** `bytes` zeros as one frame of zstd, in blocks of 128 KiB that repeat one byte. */
function zerosAsZstd(bytes: number): Buffer {
  const block = 2 ** 17
  const repeated = (length: number, isLast: boolean) => {
    const head = Buffer.alloc(4)
    head.writeUIntLE(length * 8 + 2 + Number(isLast), 0, 3)
    return head
  }
  const blocks = new Array<Buffer>(Math.floor(bytes / block)).fill(repeated(block, false))
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), ...blocks, repeated(bytes % block, true)])
}

describe('a compressed file that decompresses to more than 1 GiB is refused', () => {
  test.each([
    ['gz', zerosAsGzip],
    ['zst', zerosAsZstd],
  ] as const)('%s', (ending, zeros) => {
    path = join(directory, `large.${ending}`)
    writeFileSync(path, zeros(1000))
    expect(size()).toBe(1000)
    writeFileSync(path, zeros(2 ** 30 + 1))
    expect(reason(size)).toEqual({
      code: 'ERR_MILLRACE_SOURCE',
      details: { path },
      message: `The file ${path} cannot be decompressed: it decompresses to more than 1073741824 bytes.`,
    })
  })
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
