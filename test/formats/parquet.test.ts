import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { rejectInto } from '#build/formats/faults.js'
import { formatOf } from '#build/formats/registry.js'
import fc from '../support/fast-check.js'
import { encode } from './slices.js'
import { context, file, folder, parts } from './support.js'

/** Written by pyarrow: 300 rows in row groups of 100. */
const fixture = (codec: string) => fileURLToPath(new URL(`../fixtures/formats/rows-${codec}.parquet`, import.meta.url))
const expected = Array.from({ length: 300 }, (_, i) => ({
  id: i,
  small: i % 7 === 0 ? null : i,
  x: i / 4,
  ok: i % 2 === 0,
  name: `name ü ${i}`,
  raw: new Uint8Array([i % 256, 255]),
  at: new Date(Date.UTC(2024, 0, 1) + i * 1000),
  tags: Array.from({ length: i % 3 }, (_, j) => String(j)),
  point: { a: i, b: 0 - i },
}))

/** Reads a part of a file, and counts the bytes requested. */
async function read(bytes: Buffer, given: object = {}, [start, end] = [0, bytes.length], keepBad = false) {
  const { readWith, readOptions } = formatOf('parquet')
  const rows: unknown[] = []
  let requested = 0
  const access = {
    read: async (at: number, length: number) => {
      requested += length
      return bytes.subarray(at, at + length)
    },
  }
  const slice = { path: 'x', size: bytes.length, start: start!, end: end! }
  const reject = (record: unknown, error: unknown) => {
    if (!keepBad) throw error
    rows.push(record)
  }
  for await (const group of readWith!(access, slice, readOptions.check(given, 'test'), rejectInto({ reject })))
    rows.push(...group)
  return { rows, requested }
}

describe.each(['snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'none'])('a file of another writer, %s', (codec) => {
  test('is read in row groups by several tasks', async () => {
    const ctx = context({ threads: 2 })
    for (const minPartitions of [1, 3, 20])
      expect(await ctx.parquetFile(fixture(codec), { minPartitions }).collect()).toEqual(expected)
  })
})

test('a row group is in the range that it begins in, wherever the file is cut', async () => {
  const bytes = readFileSync(fixture('snappy'))
  for (let cut = 0; cut <= bytes.length; cut += 101) {
    const { rows: before } = await read(bytes, {}, [0, cut])
    const { rows: after } = await read(bytes, {}, [cut, bytes.length])
    expect([...before, ...after]).toEqual(expected)
  }
})

test('only the chosen columns are fetched', async () => {
  const bytes = readFileSync(fixture('none'))
  const all = await read(bytes)
  const some = await read(bytes, { columns: ['ok', 'id'], longs: 'bigint' })
  expect(some.rows).toEqual(expected.map(({ ok, id }) => ({ ok, id: BigInt(id) })))
  // Both begin with the end of the file, which holds the footer.
  expect(some.requested - bytes.length).toBeLessThan((all.requested - bytes.length) / 2)
  await expect(read(bytes, { columns: ['nope'] })).rejects.toThrow(
    /The file x has no column 'nope'. Its columns: 'id', 'small', .*'tags', 'point'/,
  )
})

describe('writing', () => {
  const row = fc.record({
    b: fc.option(fc.boolean()),
    i: fc.option(fc.integer()),
    l: fc.option(fc.maxSafeInteger()),
    d: fc.option(fc.double({ noNaN: true })),
    s: fc.option(fc.string({ unit: 'grapheme' })),
    y: fc.option(fc.uint8Array()),
    t: fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })),
    j: fc.option(fc.constantFrom<unknown>({ a: [1] }, [2], 'x')),
  })
  const types = {
    b: 'BOOLEAN',
    i: 'INT32',
    l: 'INT64',
    d: 'DOUBLE',
    s: 'STRING',
    y: 'BYTE_ARRAY',
    t: 'TIMESTAMP',
    j: 'JSON',
  }
  const written = async (records: readonly unknown[], options: object) => {
    await formatOf('parquet').load!()
    return encode('parquet', records, options)
  }

  test('what is written is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('snappy', 'gzip', 'none'),
        async (records, compression) => {
          const bytes = await written(records, { types, compression, rowGroupSize: 3 })
          expect((await read(bytes)).rows).toEqual(records)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('by the workers of a dataset, with types by the first value', async () => {
    const ctx = context({ threads: 2 })
    const path = join(folder(), 'out')
    const rows = Array.from({ length: 50 }, (_, i) => ({ n: i / 2, s: `${i}`, at: new Date(i), big: BigInt(i) }))
    await ctx.parallelize(rows, 3).saveAsParquetFile(path)
    expect(parts(path).map(({ name }) => name)).toEqual([0, 1, 2].map((i) => `part-0000${i}.parquet`))
    expect(await ctx.parquetFile(path, { longs: 'bigint' }).collect()).toEqual(rows)
  })

  test('an empty partition has the columns that the options name', async () => {
    expect((await read(await written([], { types }))).rows).toEqual([])
    expect((await read(await written([], {}))).rows).toEqual([])
  })

  test.each([
    [/A field of column 'a' of type DOUBLE is "x", which is not of that type/, [{ a: 1 }, { a: 'x' }], {}],
    [/column 'a' of type INT32 is 1099511627776/, [{ a: 2 ** 40 }], { types: { a: 'INT32' } }],
    [/has a field 'b', and the columns are a/, [{ a: 1 }, { a: 1, b: 2 }], {}],
  ])('what does not fit is refused: %s', async (message, records, options) => {
    await expect(written(records, options)).rejects.toThrow(message)
  })
})

describe('a damaged file', () => {
  const bytes = readFileSync(fixture('snappy'))
  const footer = bytes.readUInt32LE(bytes.length - 8)
  test.each([
    ['its end is missing', bytes.subarray(0, -20)],
    ['its footer is overwritten', Buffer.from(bytes).fill(7, bytes.length - 8 - footer, bytes.length - 8)],
    ['it is text', Buffer.from('not a Parquet file at all')],
    ['it is short', Buffer.from('PAR1')],
  ])('is refused by name: %s', async (_, damaged) => {
    const path = file('x.parquet', damaged)
    const error = (await context()
      .parquetFile(path)
      .collect()
      .catch((e: Error) => e)) as Error
    expect(String(error.cause)).toContain(`The file ${path} cannot be read as Parquet: `)
  })
  test('costs the row group that is damaged', async () => {
    const damaged = Buffer.from(bytes)
    damaged.fill(0xff, 4, 200)
    await expect(read(damaged)).rejects.toThrow(
      /The record at byte 4 of x is a row group of 100 records that cannot be read/,
    )
    const { rows } = await read(damaged, {}, [0, damaged.length], true)
    expect(rows).toEqual([{ path: 'x', offset: 4 }, ...expected.slice(100)])
  })
  test('whole numbers beyond 2^53 name the option', async () => {
    await formatOf('parquet').load!()
    const big = encode('parquet', [{ n: 2n ** 60n }], {})
    await expect(read(big)).rejects.toThrow(/the number 1152921504606846976, which needs the option longs: 'bigint'/)
  })
})
