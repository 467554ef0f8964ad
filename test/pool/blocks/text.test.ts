import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeLines, encodeLines } from '#build/pool/blocks/text.js'
import fc from '../../support/fast-check.js'

function shared(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string)
  const view = Buffer.from(new SharedArrayBuffer(bytes.length + 3), 3, bytes.length)
  view.set(bytes)
  return view
}

/** Text of short lines, with every kind of end, cut UTF-8 and bytes that are never UTF-8. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r\n', '\r', '\n\n', 'a', 'bc ', 'ü', '漢', '👍').map((part) => Buffer.from(part)),
      fc.constantFrom([0xe2, 0x82], [0xff], [0xf0, 0x9f], [0x80], [0xc0, 0xaf]).map((part) => Buffer.from(part)),
    ),
    { maxLength: 60 },
  )
  .map((parts) => shared(Buffer.concat(parts)))

/** The definition, in the simplest words. */
function naiveLines(content: Buffer): string[] {
  const lines = content.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

describe('decodeLines', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['\n', ['']],
    ['\n\n', ['', '']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\n', ['a', '']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\r\r\nb', ['a\r', 'b']],
    ['\r\n\r', ['', '']],
    ['a\rb\n', ['a\rb']],
    ['\ufeffa\n', ['\ufeffa']],
    ['grün\n漢字 👍\nascii', ['grün', '漢字 👍', 'ascii']],
  ])('%j', (content, lines) => {
    expect(decodeLines(shared(content))).toEqual(lines)
  })

  it('replaces what is not UTF-8 and keeps the newline behind it', () => {
    expect(decodeLines(shared(Buffer.from([0xe2, 0x82, 10, 0xff, 0x61, 0xf0, 0x9f, 13, 10])))).toEqual([
      '\ufffd',
      '\ufffda\ufffd',
    ])
  })

  it('reads any bytes as the definition says', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        expect(decodeLines(content)).toEqual(naiveLines(content))
      }),
    )
  })

  it('reads texts longer than a piece, lines longer than a piece, and pieces with and without ASCII', () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}${i % 5000 === 0 ? ' ünï' : ''}`)
    lines.splice(100, 0, 'x'.repeat(200_000), '', 'y'.repeat(65_535), '漢'.repeat(50_000))
    expect(decodeLines(shared(`${lines.join('\n')}\n`))).toEqual(lines)
    expect(decodeLines(shared(lines.join('\r\n')))).toEqual(lines)
  })
})

describe('encodeLines', () => {
  it('is read back by decodeLines', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/\n|\r$/.test(text))
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const w = new ByteWriter()
        encodeLines(w, lines)
        expect(decodeLines(w.bytes())).toEqual(lines)
      }),
    )
  })

  it('writes long texts whole', () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `ü ${i}`)
    const w = new ByteWriter()
    encodeLines(w, lines)
    expect(w.bytes().toString()).toBe(lines.map((line) => `${line}\n`).join(''))
  })
})
