import { expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { PairColumns } from '#build/pool/blocks/pair-columns.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { encodeSource } from '#build/pool/worker/operators/collected.js'
import { PairRecords } from '#build/pool/worker/operators/pair-records.js'
import fc from '../../support/fast-check.js'

const task = { meter: { status: new Int32Array(8) } } as never

function written(pieces: readonly Iterable<unknown>[], w = new ByteWriter()) {
  const count = encodeSource(w, (_, each) => pieces.forEach(each), task)
  return { count, bytes: Buffer.from(w.bytes()) }
}

function encoded(records: readonly unknown[]): Buffer {
  const w = new ByteWriter()
  encodeRecords(w, records)
  return Buffer.from(w.bytes())
}

const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.constantFrom(undefined, null, -0, true),
  fc.record({ a: fc.nat() }),
)
const numbered = fc.tuple(fc.oneof(fc.integer(), fc.double()), value)
const named = fc.tuple(fc.string(), value)
const other = fc.oneof(fc.tuple(fc.constant(null), value), fc.array(fc.nat(), { maxLength: 3 }), value)
/** An array of pairs of one kind, or of anything; or pairs in columns; or records that come one by one. */
const piece = fc.oneof(
  fc.array(numbered, { maxLength: 20 }),
  fc.array(named, { maxLength: 20 }),
  fc.array(fc.oneof({ weight: 9, arbitrary: named }, { weight: 1, arbitrary: other }), { maxLength: 6 }),
  fc.array(numbered, { minLength: 1, maxLength: 9 }).chain((pairs) =>
    fc.nat({ max: pairs.length }).map((from) => {
      const columns = PairColumns.of(
        pairs.map(([key]) => key),
        pairs.map(([, of]) => of),
      )
      return new PairRecords(columns, false, from)
    }),
  ),
  fc.array(named, { maxLength: 5 }).map((records) => new Set(records)),
)

test('what is written are the bytes of all records in one array', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const records = pieces.flatMap((each) => [...each])
      const { count, bytes } = written(pieces)
      expect(count).toBe(records.length)
      expect(decodeRecords(bytes)).toEqual(records)
      expect(bytes.equals(encoded(records))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['a subclass of Array', () => Object.assign(new (class Pair extends Array<unknown> {})(), ['a', 1])],
  ['an array with a name', () => Object.assign(['a', 1], { more: 1 })],
  ['a hole', () => Object.assign(new Array<unknown>(2), { 0: 'a' })],
  ['three items', () => ['a', 1, 2]],
])('%s is no pair, also after pairs', (_, make) => {
  const attempt = (run: () => Buffer) => {
    try {
      return run().toString('hex')
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(attempt(() => written([[['k', 1]], [make()]]).bytes)).toBe(attempt(() => encoded([['k', 1], make()])))
})

test('a source may use the writer itself', () => {
  const w = new ByteWriter()
  const count = encodeSource(
    w,
    (_, each) => {
      encodeRecords(w, ['its own'])
      each([['a', 1]])
    },
    task,
  )
  expect([count, decodeRecords(w.bytes())]).toEqual([1, [['a', 1]]])
})

test('records that are not data are named by their position', () => {
  expect(() => written([[['a', 1]], [['b', () => 1]]])).toThrow('[1]')
})
