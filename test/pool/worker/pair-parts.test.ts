import { isAscii } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodePairColumns, decodePairs, encodePairs } from '#build/pool/blocks/records-codec.js'
import { readPart, ShuffleBlockWriter } from '#build/pool/blocks/shuffle-block.js'
import { PairParts } from '#build/pool/worker/operators/pair-parts.js'
import { hashKey } from '#build/values/keys.js'
import fc from '../../support/fast-check.js'
import { runTask, step } from '../kernels/support.js'

const PARTS = 3

type Records = readonly (readonly [unknown, unknown])[]

/** Returns the keys and values of each part. */
function partsOf(payload: Buffer): unknown[] {
  return Array.from({ length: PARTS }, (_, part) => decodePairs(readPart(payload, part).bytes))
}

/** Returns the output of a task that deals these pairs to parts. */
function written(pairs: PairParts, records: Records): Buffer {
  const w = new ByteWriter()
  pairs.begin()
  records.forEach(([key, value], i) => {
    // Every second key of ASCII comes as bytes.
    if (i % 2 === 1 && typeof key === 'string' && isAscii(Buffer.from(key)) && typeof value === 'number')
      pairs.addText(i % PARTS, Buffer.from(key), 0, key.length, value)
    else pairs.add(i % PARTS, key, value)
  })
  pairs.write(new ShuffleBlockWriter(w, PARTS))
  return Buffer.from(w.bytes())
}

function dealt(pairs: PairParts, records: Records): unknown[] {
  return partsOf(written(pairs, records))
}

/** The same out of arrays. */
function expected(records: Records, partOf = (i: number) => i % PARTS): unknown[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const of = records.filter((_, i) => partOf(i) === part)
    return { keys: of.map(([key]) => key), values: of.map(([, value]) => value) }
  })
}

const short = fc.tuple(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 24 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)
const other = fc.tuple(
  fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('\u0100', '\ud800', 1, null, undefined), fc.integer()),
  fc.oneof(fc.integer(), fc.constantFrom(-0, 0.5, Number.NaN, 2 ** 31, 'text', null)),
)
const shape = fc.oneof(
  fc.record({ kind: fc.constantFrom('a', 'b'), n: fc.integer() }),
  fc.record({ kind: fc.constant('c'), x: fc.oneof(fc.integer(), fc.constantFrom(-0, null, 'text')) }),
  fc.record({ n: fc.integer(), list: fc.array(fc.integer(), { maxLength: 3 }) }),
)
const keyed = fc.tuple(fc.integer(), shape)
const tasks = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(short, { maxLength: 300 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: short }, other), { maxLength: 300 }) },
    { weight: 1, arbitrary: fc.array(keyed, { maxLength: 300 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof({ weight: 30, arbitrary: keyed }, other), { maxLength: 300 }) },
  ),
  { maxLength: 5 },
)

test('pairs are written as out of arrays, whatever comes in which task', () => {
  fc.assert(
    fc.property(tasks, (all) => {
      const pairs = new PairParts(PARTS)
      for (const records of all) expect(dealt(pairs, records)).toStrictEqual(expected(records))
    }),
    { numRuns: 200 },
  )
})

const text = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
  fc.string({ maxLength: 5 }),
)
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31)),
)
const oddKey = fc.oneof(text, number, fc.bigInt(), fc.constantFrom(null, undefined, true), fc.array(fc.integer()))
const value = fc.oneof(number, text, fc.constantFrom(null, undefined, true), shape)
/** Columns whose keys and values are of one kind, or mixed. */
const block = fc
  .tuple(fc.constantFrom(text, number, fc.integer(), oddKey), fc.constantFrom(number, fc.integer(), value, shape))
  .chain(([key, of]) =>
    fc.array(fc.tuple(key as fc.Arbitrary<unknown>, of as fc.Arbitrary<unknown>), { maxLength: 60 }),
  )

test('columns are dealt by the hashes of their keys, like pairs one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.array(block, { maxLength: 3 }), { maxLength: 3 }), (all) => {
      const pairs = new PairParts(PARTS)
      for (const blocks of all) {
        pairs.begin()
        for (const records of blocks) {
          const w = new ByteWriter()
          encodePairs(
            w,
            records.map(([key]) => key),
            records.map(([, value]) => value),
          )
          pairs.addHashed(decodePairColumns(Buffer.from(w.bytes())))
        }
        const w = new ByteWriter()
        pairs.write(new ShuffleBlockWriter(w, PARTS))
        const records = blocks.flat()
        expect(partsOf(w.bytes())).toStrictEqual(expected(records, (i) => hashKey(records[i]![0]) % PARTS))
      }
    }),
    { numRuns: 500 },
  )
})

test('one value of many pairs takes no memory for each', () => {
  for (const value of [null, true, 'text']) {
    const pairs = new PairParts(PARTS)
    const bytes = written(
      pairs,
      Array.from({ length: 3000 }, (_, i) => [i, value]),
    )
    expect(bytes.length).toBeLessThan(3000 * 4 + 500)
  }
})

test.each([
  ['a', -0],
  ['a', 0.5],
  ['a', 2 ** 31],
  ['a', Number.NaN],
  ['\u0100', 1],
  ['a key of twenty-five units', 1],
  [1, 1],
])('%o and %o go with the others', (key, value) => {
  const records = [
    ['first', 1],
    ['second', 2],
    ['third', 3],
    [key, value],
    ['last', 4],
  ] as const
  expect(dealt(new PairParts(PARTS), records)).toStrictEqual(expected(records))
})

test('there may be many, and after them few', () => {
  const pairs = new PairParts(PARTS)
  const many = Array.from({ length: 500_000 }, (_, n): [string, number] => [`key ${n}`, n])
  // The matcher would take half a minute.
  expect(isDeepStrictEqual(dealt(pairs, many), expected(many))).toBe(true)
  expect(dealt(pairs, many.slice(0, 10))).toStrictEqual(expected(many.slice(0, 10)))
})

test('what a task left that failed is forgotten', () => {
  for (const left of [['a', 1] as const, ['a', 'text'] as const]) {
    const pairs = new PairParts(PARTS)
    pairs.begin()
    pairs.add(0, left[0], left[1])
    const records = [['b', 2]] as const
    expect(decodePairs(readPart(written(pairs, records), 0).bytes)).toEqual({ keys: ['b'], values: [2] })
  }
})

test('a value that is not data is named, though its object is gone', () => {
  const pairs = new PairParts(1)
  pairs.begin()
  for (let i = 0; i < 20; i++) pairs.add(0, i, { a: i, b: i === 7 ? () => i : 1 })
  expect(() => pairs.write(new ShuffleBlockWriter(new ByteWriter(), 1))).toThrow('[7][1].b')
})

test('a symbol in an object is refused, not lost', () => {
  const pairs = new PairParts(1)
  pairs.begin()
  for (let i = 0; i < 20; i++) pairs.add(0, i, i === 7 ? { a: i, [Symbol('s')]: 1 } : { a: i })
  expect(() => pairs.write(new ShuffleBlockWriter(new ByteWriter(), 1))).toThrow(
    expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }),
  )
})

test('also in an object that a closure makes, whose text names symbols', () => {
  const steps = [
    step('map', (line: string) => JSON.parse(line)),
    step('map', (row: { a: number }) => [row.a, { ...row, [Symbol.iterator]: 1 }]),
  ]
  const input = [Buffer.from('{"a":1}\n'.repeat(20))]
  const shuffled = (of: typeof steps) => () =>
    runTask(of, { op: 'shuffle', partitioner: { kind: 'hash', partitions: 1 } }, input, 'bytes')
  expect(shuffled(steps)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
  const proven = step('map', (row: { a: number }) => [row.a, { ...row, b: 1 }])
  expect(shuffled([steps[0]!, proven])).not.toThrow()
})
