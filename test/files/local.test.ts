import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LocalFileSystem } from '#build/files/local.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-local-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const system = new LocalFileSystem()
let files = 0

function fileOf(content: string | Uint8Array): string {
  const path = join(folder, `file ${files++}`)
  writeFileSync(path, content)
  return path
}

async function piecesOf(path: string, afterPiece = (_count: number) => {}): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of system.read(path)) afterPiece(pieces.push(piece))
  return pieces
}

test('the memory of a small file is small', async () => {
  for (const length of [1, 100, 5000, 70_000]) {
    const pieces = await piecesOf(fileOf(new Uint8Array(length)))
    expect(Buffer.concat(pieces)).toHaveLength(length)
    // A part of the memory that small buffers share, or one of its own.
    for (const { buffer } of pieces)
      expect(buffer.byteLength).toBeLessThanOrEqual(Math.max(Buffer.poolSize, length + 1))
  }
})

test('a file is read whole: empty, as large as a piece, one byte more, several pieces', async () => {
  const piece = 1 << 20
  for (const length of [0, piece - 1, piece, piece + 1, 3 * piece]) {
    const bytes = Buffer.alloc(length, 'abcdefg')
    expect(Buffer.concat(await piecesOf(fileOf(bytes))).equals(bytes)).toBe(true)
  }
})

test('what is appended while a file is read is read too', async () => {
  const path = fileOf('first')
  const pieces = await piecesOf(path, (count) => {
    if (count < 4) appendFileSync(path, ` and ${count} ${'x'.repeat(100_000)}`)
  })
  const text = Buffer.concat(pieces).toString()
  expect(text.replaceAll('x', '')).toBe('first and 1  and 2  and 3 ')
  expect(text).toHaveLength(26 + 300_000)
})

test.runIf(process.platform === 'linux')('a file that says nothing of its size is read whole', async () => {
  expect(Buffer.concat(await piecesOf('/proc/self/status')).toString()).toMatch(/^Name:.*Threads:/s)
})
