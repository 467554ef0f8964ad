import { expect, test } from 'vitest'
import { joined, linesOf } from '#build/files/line-ranges.js'
import { decodeLines } from '#build/pool/blocks/text.js'
import fc from '../support/fast-check.js'

/** The lines of a range, and the offset of each piece, with requests of at most `chunk` bytes. */
function read(file: Buffer, start: number, end: number, chunk?: number, size = file.length, longest?: number) {
  const lines: string[] = []
  const requested: [at: number, length: number][] = []
  const steps = linesOf({ path: 'file', size, start, end }, chunk, longest)
  for (let step = steps.next(); !step.done; ) {
    const { value } = step
    if ('at' in value) {
      requested.push([value.at, value.length])
      step = steps.next(joined(value.kept, file.subarray(value.at, value.at + value.length)))
      continue
    }
    expect(file.subarray(value.position, value.position + value.text.length)).toEqual(value.text)
    lines.push(...decodeLines(value.text))
    step = steps.next()
  }
  return { lines, requested }
}

test('ranges and requests of any size give every line once, with a byte order mark or without', () => {
  const line = fc.string({ maxLength: 30 }).map((s) => s.replace(/[\r\n\ufeff]/g, ''))
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.nat(200), { maxLength: 8 }),
      fc.integer({ min: 4, max: 40 }),
      (lines, marked, ended, cuts, chunk) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '')
        const file = Buffer.from((marked ? '\ufeff' : '') + text)
        const at = [0, ...cuts.filter((cut) => cut < file.length).sort((a, b) => a - b), file.length]
        const got = at.slice(1).flatMap((end, i) => read(file, at[i]!, end, chunk).lines)
        expect(got).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'))
      },
    ),
  )
})

test('a range is one request without a limit, and its last line costs others behind it', () => {
  const file = Buffer.from(`a\n${'x'.repeat(100_000)}\nb\n`)
  expect(read(file, 0, 2).requested).toEqual([[0, 4]])
  expect(read(file, 0, file.length).requested).toEqual([[0, file.length]])
  expect(read(file, 1, 10)).toEqual({
    lines: ['x'.repeat(100_000)],
    requested: [
      [0, 10],
      [10, 65_536],
      [65_546, file.length - 65_546],
    ],
  })
})

test('a request for a long line may go beyond the range, and brings it no other line', () => {
  const file = Buffer.from('123456789\nb\n')
  expect(read(file, 0, 10, 4).lines).toEqual(['123456789'])
  expect(read(file, 10, file.length, 4).lines).toEqual(['b'])
})

test('a file that is shorter than its size ends where its bytes end', () => {
  expect(read(Buffer.from('a\nbc'), 0, 100, 4, 100).lines).toEqual(['a', 'bc'])
})

test('the limit of a line is exact, whatever ranges and requests are, and a longer one is named by its byte', () => {
  const LONGEST = 12
  const line = fc.string({ maxLength: LONGEST + 3, unit: fc.constantFrom('a', '\r') })
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(60),
      fc.option(fc.integer({ min: 4, max: 40 }), { nil: undefined }),
      (lines, marked, ended, cut, chunk) => {
        const mark = marked ? 3 : 0
        const file = Buffer.from((marked ? '\ufeff' : '') + lines.join('\n') + (ended ? '\n' : ''))
        const middle = Math.min(cut, file.length)
        const run = () =>
          [
            read(file, 0, middle, chunk, file.length, LONGEST),
            read(file, middle, file.length, chunk, file.length, LONGEST),
          ].flatMap((part) => part.lines).length
        const long = lines.findIndex(({ length }) => length > LONGEST)
        if (long < 0) return void expect(run()).toBe(ended || lines.at(-1) !== '' ? lines.length : lines.length - 1)
        const position = mark + lines.slice(0, long).reduce((sum, { length }) => sum + length + 1, 0)
        const details = { path: 'file', position, limit: LONGEST }
        expect(run).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_SOURCE', details }))
      },
    ),
    { numRuns: 500 },
  )
})
