import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readParts, writeParts } from '#build/pool/worker/state/parts-file.js'
import fc from '../../support/fast-check.js'

let folder: string
let path: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-file-'))
  path = join(folder, 'parts')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 })
/** Bytes of one call of the file system. */
const limits = fc.constantFrom(1, 3, 8, 64, 2 ** 30)

test('parts larger than one call of the file system come back', () => {
  fc.assert(
    fc.property(parts, limits, limits, (all, writing, reading) => {
      const file = writeParts(path, all, writing)
      expect(readParts(file, reading).map((part) => [...part])).toEqual(all.map((part) => [...part]))
      expect(statSync(path).size).toBe(file.bytes)
      // The limits change nothing in the file.
      expect(writeParts(path, all)).toEqual(file)
    }),
    { numRuns: 200 },
  )
})

test('each part has memory of its own, at a multiple of eight bytes', () => {
  const read = readParts(writeParts(path, [new Uint8Array(13), new Uint8Array(0), new Uint8Array(9)]))
  expect(read.map(({ byteOffset, length }) => [byteOffset % 8, length])).toEqual([
    [0, 13],
    [0, 0],
    [0, 9],
  ])
  expect(new Set(read.map(({ buffer }) => buffer)).size).toBe(3)
})

test.each([
  ['a byte of the last piece is another', () => writeFileSync(path, readFileSync(path).fill(9, 25, 26)), 'checksum'],
  ['the file is shorter', () => truncateSync(path, 20), '20 bytes'],
  ['the file is gone', () => rmSync(path), 'ENOENT'],
])('%s: the error says so', (_, harm, message) => {
  const file = writeParts(path, [new Uint8Array(30).fill(1)], 10)
  harm()
  expect(() => readParts(file, 10)).toThrow(
    expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_CORRUPT', message: expect.stringContaining(message) }),
  )
})

test('a file that cannot be written throws the error of the file system, and leaves none', () => {
  expect(() => writeParts(join(path, 'below', 'a file'), [new Uint8Array(1)])).toThrow(/ENOENT|ENOTDIR/)
})
