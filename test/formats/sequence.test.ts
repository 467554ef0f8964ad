import { describe, expect, test } from 'vitest'
import fc from '../support/fast-check.js'
import { encode, halves, slice } from './slices.js'

const COMPRESSIONS = ['none', 'record', 'block'] as const
const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const VALUES = {
  Text: fc.string({ unit: 'grapheme' }),
  BytesWritable: fc.uint8Array(),
  LongWritable: big,
  VLongWritable: big,
  IntWritable: fc.integer(),
  VIntWritable: fc.integer(),
  DoubleWritable: fc.double(),
  FloatWritable: fc.float(),
  BooleanWritable: fc.boolean(),
  NullWritable: fc.constant(null),
}
const names = Object.keys(VALUES) as (keyof typeof VALUES)[]

test.each(names)('%s is read as it was written', (value) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), VALUES[value] as fc.Arbitrary<unknown>), { maxLength: 8 }),
      fc.constantFrom(...COMPRESSIONS),
      (records, compression) => {
        const bytes = encode('sequence', records, { key: 'Text', value, compression })
        expect(slice('sequence', bytes, { longs: 'bigint' })).toEqual(records)
      },
    ),
    { numRuns: 60 },
  )
})

describe.each(COMPRESSIONS)('compression %s', (compression) => {
  // Random, so that compressed files have many sections too.
  const noise = (i: number) =>
    Buffer.from(Array.from({ length: 3000 }, (_, j) => (i * 7919 + j * j * 31 + (j >> 3)) & 0xff))
  const records = Array.from({ length: 400 }, (_, i) => [i, new Uint8Array(noise(i))])

  test('a file of many sections is read in slices cut at many places', () => {
    const bytes = encode('sequence', records, { compression })
    const cuts = [0, 1, 20, 86, 87, 88, 100, 150, 200, bytes.length - 1, bytes.length]
    for (let i = 1; i < 20; i++) cuts.push(Math.floor((bytes.length * i) / 20))
    for (const cut of cuts) {
      const read = [
        ...slice('sequence', bytes, {}, [0, cut]),
        ...slice('sequence', bytes, {}, [cut, bytes.length]),
      ] as typeof records
      expect(read.map(([key]) => key)).toEqual(records.map(([key]) => key))
    }
  })

  test('a small file is read in slices cut anywhere', () => {
    const few = [
      ['a', 1],
      ['b', -1],
    ]
    const bytes = encode('sequence', few, { compression })
    for (const read of halves('sequence', bytes)) expect(read).toEqual(few)
  })

  test('a file that is cut off says so, at any byte', () => {
    const few = [
      ['a', 'x'.repeat(50)],
      ['b', 'y'],
    ]
    const bytes = encode('sequence', few, { compression })
    for (let length = 1; length < bytes.length; length++) {
      const start = bytes.subarray(0, length)
      let whole: unknown[] = []
      let message = ''
      try {
        whole = slice('sequence', start)
      } catch (error) {
        message = (error as Error).message
      }
      // Between records nothing shows that there were more.
      if (message === '') expect(few.slice(0, whole.length)).toEqual(whole)
      else expect(message).toMatch(/does not begin with SEQ|ends inside of its header|is cut off|is damaged|compressed/)
    }
  })

  test('damage costs the records up to the next marker at most', () => {
    const bytes = encode('sequence', records, { compression })
    for (const at of [bytes.length >> 1, (bytes.length >> 1) + 1001]) {
      const damaged = Buffer.from(bytes)
      damaged.fill(0xee, at, at + 4000)
      const read = slice('sequence', damaged, {}, [0, bytes.length], true)
      const good = read.filter(Array.isArray)
      const known = new Set(records.map(([key]) => key))
      expect(good.length).toBeGreaterThan(records.length / 10)
      expect(good.at(-1)![0]).toBe(399)
      expect(good.every(([key]) => known.has(key) || key < 0 || key > 399)).toBe(true)
      if (compression !== 'none') expect(read.length).toBeGreaterThan(good.length)
    }
  })
})

test('what cannot be read names its reason', () => {
  expect(() => slice('sequence', Buffer.from('PAR1abc'))).toThrow(/is not a SequenceFile/)
  expect(() => slice('sequence', Buffer.from('SEQ\x04abc'))).toThrow(/version 4/)
  const bytes = encode('sequence', [['a', 1]], {})
  const renamed = Buffer.from(bytes.toString('latin1').replace('LongWritable', 'UserWritable'), 'latin1')
  expect(() => slice('sequence', renamed)).toThrow(/values of class org.apache.hadoop.io.UserWritable/)
  const beyond = encode('sequence', [[1n << 60n, null]], {})
  expect(() => slice('sequence', beyond)).toThrow(/1152921504606846976, which needs the option longs: 'bigint'/)
})

test.each([
  [
    /A value of a SequenceFile of LongWritable is "x"/,
    [
      ['a', 1],
      ['b', 'x'],
    ],
    {},
  ],
  [/A key of a SequenceFile of IntWritable is/, [[2 ** 40, 1]], { key: 'IntWritable' }],
  [/The value an object/, [['a', {}]], {}],
  [/must be a pair/, ['a'], {}],
])('what does not fit its class is refused: %s', (message, records, options) => {
  expect(() => encode('sequence', records as unknown[], options)).toThrow(message)
})
