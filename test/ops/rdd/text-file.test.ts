import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SourceError } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import fc from '../../support/fast-check.js'

const MIB = 1 << 20

/**
 * Returns the lines of a text: `\n` ends a line, a `\r` before it is dropped, and no empty line follows the last one.
 */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

describe('textFile', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-text-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  let files = 0
  const file = (text: string | Uint8Array): string => {
    const path = join(directory, `${files++}.txt`)
    writeFileSync(path, text)
    return path
  }

  const texts: [name: string, text: string][] = [
    ['a newline at the end', 'a\nb\nc\n'],
    ['no newline at the end', 'a\nb\nc'],
    ['one line', 'abc'],
    ['one newline', '\n'],
    ['empty lines', '\n\na\n\n\nb\n\n'],
    ['\\r\\n', 'a\r\nb\r\n\r\nc\r\n'],
    ['\\r\\n, no newline at the end', 'a\r\nb'],
    ['\\r at the very end', 'a\nb\r'],
    ['\\r inside a line', 'a\rb\nc\n'],
    ['an empty file', ''],
    ['unicode', 'ü\n日本語\n🚲🚲\n\u2028\n'],
    ['a line longer than a chunk', `a\n${'x'.repeat(MIB + 10)}\nb\n`],
    ['a line of exactly a chunk', `${'x'.repeat(MIB - 1)}\n${'y'.repeat(MIB)}\nb`],
    ['only long lines', `${'x'.repeat(2 * MIB + 1)}\n${'y'.repeat(3 * MIB)}`],
    ['a chunk that ends inside \\r\\n', `${'x'.repeat(MIB - 1)}\r\nb\r\n`],
    ['a chunk that ends inside a character', `${'x'.repeat(MIB - 1)}ü${'x'.repeat(MIB)}🚲\nb`],
    ['many short lines over several chunks', Array.from({ length: 300_000 }, (_, i) => `line ${i}`).join('\n')],
  ]

  eachThreads((ctx) => {
    describe.each(texts)('%s', (_, text) => {
      const path = file(text)
      test.each([1, 2, 3, 10, 50])('in %i partitions', async (partitions) => {
        const lines = await ctx.textFile(path, partitions).collect()
        // Compared as a whole: a difference in megabytes of text is of no use on a screen.
        expect(lines.length).toBe(linesOf(text).length)
        expect(lines.join('\n') === linesOf(text).join('\n')).toBe(true)
      })
    })

    test('any text in any number of partitions: the same lines, in order, each once', async () => {
      const piece = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n', '\r') },
        { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
      )
      const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('').toWellFormed())
      await fc.assert(
        fc.asyncProperty(text, fc.integer({ min: 1, max: 30 }), async (given, partitions) => {
          expect(await ctx.textFile(file(given), partitions).collect()).toEqual(linesOf(given))
        }),
        { numRuns: 100 },
      )
    })

    test('bytes that are no UTF-8', async () => {
      expect(await ctx.textFile(file(new Uint8Array([0xff, 10, 0x61, 10])), 3).collect()).toEqual(['\ufffd', 'a'])
    })

    test('a directory: its files one after the other, markers and temporary files left out', async () => {
      const folder = mkdtempSync(join(directory, 'many-'))
      const parts = ['a\nb\n', '', 'c', 'd\ne\nf']
      parts.forEach((text, i) => writeFileSync(join(folder, `part-0000${i}`), text))
      for (const name of ['_SUCCESS', '.part-00000.crc']) writeFileSync(join(folder, name), 'no line\n')
      for (const partitions of [1, 2, 3, 7, 20]) {
        expect(await ctx.textFile(folder, partitions).collect()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
      }
      expect(await ctx.textFile(mkdtempSync(join(directory, 'none-')), 3).collect()).toEqual([])
      const saved = join(folder, 'saved')
      await ctx
        .range(0, 100, 1, 7)
        .map((x) => `${x}`)
        .saveAsTextFile(saved)
      expect(await ctx.textFile(saved, 3).map(Number).sum()).toBe(4950)
    })

    test('a file that is still being copied is read only if the path names it', async () => {
      const folder = mkdtempSync(join(directory, 'copying-'))
      for (const name of ['a', 'b._COPYING_']) writeFileSync(join(folder, name), `${name}\n`)
      for (const path of [folder, join(folder, '*'), join(folder, '*a*'), join(folder, '**')])
        expect(await ctx.textFile(path).collect(), path).toEqual(['a'])
      for (const path of ['b._COPYING_', '*._COPYING_'])
        expect(await ctx.textFile(join(folder, path)).collect(), path).toEqual(['b._COPYING_'])
    })

    test('a file that is not there', async () => {
      await expect(ctx.textFile(join(directory, 'absent')).count()).rejects.toThrow(SourceError)
    })

    test('lines read at most as far as take needs', async () => {
      expect(await ctx.textFile(file('a\nb\nc\nd\n'), 4).take(2)).toEqual(['a', 'b'])
    })
  })
})
