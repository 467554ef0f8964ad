import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeLines } from '../../bench/data.mjs'
import { countLines, plainGrep, plainGrepOfFile, plainWordCount, plainWordCountOfFile } from '../../bench/plain.mjs'

const directory = mkdtempSync(join(tmpdir(), 'millrace-plain-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** More than one read of a file and many pieces, so that lines lie across the borders of both. */
const text = makeLines(3 * 2 ** 20).toString('latin1')
const texts = { 'ends with a newline': text, 'ends without one': text.slice(0, -1), 'one line': 'a b a', empty: '' }

describe.each(Object.entries(texts))('loops by hand over a text that %s', (name, content) => {
  const bytes = Buffer.from(content, 'latin1')
  const path = join(directory, `${name}.txt`)
  writeFileSync(path, bytes)
  const lines = content === '' ? [] : content.replace(/\n$/, '').split('\n')

  it('count every word', () => {
    const expected = new Map<string, number>()
    for (const word of lines.flatMap((line) => line.split(' '))) expected.set(word, (expected.get(word) ?? 0) + 1)
    expect(plainWordCount(bytes)).toEqual(expected)
    expect(plainWordCountOfFile(path)).toEqual(expected)
  })

  it('count the lines with a word', () => {
    const expected = lines.filter((line) => line.includes('brrm')).length
    expect(plainGrep(bytes, 'brrm')).toBe(expected)
    expect(plainGrepOfFile(path, 'brrm')).toBe(expected)
  })

  it('count newlines', () => {
    expect(countLines(bytes)).toBe(content.split('\n').length - 1)
  })
})
