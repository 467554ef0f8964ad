import { tableFromIPC } from 'apache-arrow'
import { ArgumentError, Context, DataError } from 'millrace'
import type { Columns } from 'millrace/sql'
import 'millrace/sql'
import { afterAll, describe, expect, test } from 'vitest'
import { manual } from '../engine/support.js'
import fc from '../support/fast-check.js'

const ctx = new Context({ threads: 2, spare: false })
afterAll(() => ctx.stop())

const bytesOf = (records: readonly unknown[], columns: Columns, partitions = 2) =>
  ctx.parallelize(records, partitions).toTable(columns).toArrow()
/** What another implementation of Arrow reads. */
const read = async (records: readonly unknown[], columns: Columns, partitions?: number) =>
  tableFromIPC(await bytesOf(records, columns, partitions))

const COLUMNS = {
  flag: 'BOOLEAN',
  small: 'INTEGER',
  big: 'BIGINT',
  huge: 'HUGEINT',
  x: 'DOUBLE',
  word: 'VARCHAR',
  day: 'DATE',
  seen: 'TIMESTAMP',
  raw: 'BLOB',
  tags: ['VARCHAR'],
  buyer: { name: 'VARCHAR', ages: ['INTEGER'] },
} as const satisfies Columns
const RECORD = {
  flag: true,
  small: -1,
  big: 2n ** 60n,
  huge: -(10n ** 37n),
  x: 0.5,
  word: 'é😀',
  day: new Date('1969-12-31T23:00:00Z'),
  seen: new Date(-1),
  raw: Uint8Array.of(0, 255),
  tags: ['a', null],
  buyer: { name: 'Ada', ages: [1, 2] },
}

test('another implementation reads every type, in the order of the columns', async () => {
  const { schema } = await read([RECORD], COLUMNS)
  expect(schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'flag Bool',
    'small Int32',
    'big Int64',
    expect.stringMatching(/^huge Decimal\[38e.?0\]$/),
    'x Float64',
    'word Utf8',
    'day Date32<DAY>',
    'seen Timestamp<MILLISECOND, UTC>',
    'raw Binary',
    'tags List<Utf8>',
    expect.stringMatching(/^buyer Struct<\{name:Utf8, ages:List<Int32>\}>$/),
  ])
})

test('another implementation reads every value, and null', async () => {
  const table = await read([RECORD, {}, { buyer: {} }], COLUMNS, 1)
  const [row, none, bare] = table.toArray().map((each) => each.toJSON())
  expect(row).toMatchObject({ flag: true, small: -1, big: 2n ** 60n, x: 0.5, word: 'é😀', seen: -1 })
  expect(new Date(row!.day).toISOString()).toBe('1969-12-31T00:00:00.000Z')
  expect(String(row!.huge)).toBe(String(RECORD.huge))
  expect([...row!.raw]).toEqual([0, 255])
  expect([...row!.tags]).toEqual(['a', null])
  expect(row!.buyer.toJSON().name).toBe('Ada')
  expect([...row!.buyer.toJSON().ages]).toEqual([1, 2])
  expect(Object.values(none!)).toEqual(Object.keys(COLUMNS).map(() => null))
  expect(bare!.buyer.toJSON()).toEqual({ name: null, ages: null })
})

test('partitions keep their order, empty ones and empty datasets have the schema', async () => {
  const records = Array.from({ length: 10 }, (_, n) => ({ n }))
  const table = await read(records, { n: 'INTEGER' }, 4)
  expect(table.batches.map(({ numRows }) => numRows)).toEqual([2, 3, 2, 3])
  expect(table.toArray().map((row) => row.toJSON())).toEqual(records)
  expect((await read([{ n: 1 }], { n: 'INTEGER' }, 4)).numRows).toBe(1)
  for (const rdd of [ctx.parallelize<object>([], 3), ctx.emptyRDD<object>()]) {
    const none = tableFromIPC(await rdd.toTable({ n: 'INTEGER', text: 'VARCHAR' }).toArrow())
    expect(none.numRows).toBe(0)
    expect(none.schema.fields.map(({ name }) => name)).toEqual(['n', 'text'])
  }
})

test('a large partition is several record batches', async () => {
  const rdd = ctx.range(0, 150_000, 1, 1).map((n) => ({ n, text: `t${n}` }))
  const table = tableFromIPC(await rdd.toTable({ n: 'INTEGER', text: 'VARCHAR' }).toArrow())
  expect(table.batches.map(({ numRows }) => numRows)).toEqual([65_536, 65_536, 18_928])
  expect(table.get(149_999)!.toJSON()).toEqual({ n: 149_999, text: 't149999' })
})

test('results of queries keep what SQL computed', async () => {
  const counts = ctx
    .parallelize(['a', 'b', 'a'])
    .sql('select value as word, count(*) as n from batch group by 1 order by 1')
  const table = tableFromIPC(await counts.toTable({ word: 'VARCHAR', n: 'BIGINT' }).toArrow())
  expect(table.toArray().map((row) => row.toJSON())).toEqual([
    { word: 'a', n: 2n },
    { word: 'b', n: 1n },
  ])
})

test('any records of a schema come back', async () => {
  const record = fc.record({
    n: fc.option(fc.integer()),
    x: fc.option(fc.double()),
    big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    text: fc.option(fc.string({ unit: 'grapheme' })),
    at: fc.option(fc.date({ noInvalidDate: true })),
    list: fc.option(fc.array(fc.option(fc.boolean()))),
  })
  const columns = {
    n: 'INTEGER',
    x: 'DOUBLE',
    big: 'BIGINT',
    text: 'VARCHAR',
    at: 'TIMESTAMP',
    list: ['BOOLEAN'],
  } as const
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (records, partitions) => {
        const rows = (await read(records, columns, partitions)).toArray().map((row) => {
          const { list, at, ...others } = row.toJSON()
          return { ...others, at: at === null ? null : new Date(at), list: list && [...list] }
        })
        expect(rows).toEqual(records)
      },
    ),
    { numRuns: 60 },
  )
})

describe('errors', () => {
  test('a record that a column cannot hold is named', async () => {
    const error = await bytesOf([{ n: 1 }, { n: 1.5 }], { n: 'INTEGER' }, 1).catch((each: Error) => each)
    expect(error).toMatchObject({ cause: expect.any(DataError) })
    expect((error as Error).message).toContain('table[1].n is 1.5, and its column is INTEGER')
  })

  test('a whole number of more than 38 digits', async () => {
    await expect(bytesOf([{ n: 10n ** 38n }], { n: 'HUGEINT' })).rejects.toThrow('Arrow has at most 38 digits')
    await expect(bytesOf([{ n: 10n ** 38n - 1n }], { n: 'HUGEINT' })).resolves.toBeInstanceOf(Uint8Array)
  })

  test('the table of a stream', async () => {
    const { ssc } = manual()
    const table = ssc.queueStream([[{ n: 1 }]]).toTable({ n: 'INTEGER' })
    await expect(table.toArrow()).rejects.toThrow(ArgumentError)
    await expect(table.toArrow()).rejects.toThrow('in foreachRDD')
    await ssc.stop()
  })
})
