import { Context, DataError, type MillraceError, SqlError } from 'millrace'
import { type Columns, sql } from 'millrace/sql'
import { afterAll, describe, expect, test } from 'vitest'

const ctx = new Context({ threads: 1, spare: false })
afterAll(() => ctx.stop())

const through = (records: readonly unknown[], columns?: Columns) => {
  const rdd = ctx.parallelize(records, 1)
  return sql('from t', { t: columns ? rdd.toTable(columns) : rdd }).collect()
}
const failure = async (records: readonly unknown[], columns?: Columns) => {
  const error: unknown = await through(records, columns).then(
    () => undefined,
    (error) => error.cause,
  )
  expect(error).toBeInstanceOf(DataError)
  return (error as DataError).message
}

describe('values come out as they went in', () => {
  test.each<[string, unknown]>([
    ['a text', 'it\'s "\u{1f40e}"\0\n'],
    ['an empty text', ''],
    ['a number', 0.1],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['Infinity', Number.NEGATIVE_INFINITY],
    ['2^53', 2 ** 53],
    ['a large bigint', 2n ** 63n - 1n],
    ['true', true],
    ['a Date', new Date('2026-01-02T03:04:05.678Z')],
    ['a Date before 1970', new Date(-1)],
    ['the last Date', new Date(8.64e15)],
    ['the first Date', new Date(-8.64e15)],
    ['bytes', new Uint8Array([0, 255])],
    ['no bytes', new Uint8Array()],
    ['a list', ['a', null, 'b']],
    ['an empty list', []],
    ['a list of lists', [[1], [], [2, 3]]],
    ['a struct', { a: 1, 'b c': { d: ['x'] } }],
    [
      'a list of structs',
      [
        { a: 1, b: null },
        { a: null, b: 'x' },
      ],
    ],
    ['null', null],
  ])('%s', async (_name, value) => {
    expect(await through([{ x: value }])).toStrictEqual([{ x: value }])
  })

  test('a missing field, undefined and null are NULL, which is null', async () => {
    expect(await through([{ a: 1 }, { a: undefined, b: 'x' }, { b: null }])).toStrictEqual([
      { a: 1, b: null },
      { a: null, b: 'x' },
      { a: null, b: null },
    ])
  })

  test('an object without fields, if other records have some there', async () => {
    const records = [{ x: {} }, { x: { a: 1 } }]
    expect(await through(records)).toStrictEqual([{ x: { a: null } }, { x: { a: 1 } }])
    expect(await through([...records].reverse())).toStrictEqual([{ x: { a: 1 } }, { x: { a: null } }])
  })

  test('records without fields are counted, and have any column, which is NULL', async () => {
    const query = 'select count(*) as records, count(name) as names from batch'
    expect(await ctx.parallelize([{}, {}], 1).sql(query).collect()).toEqual([{ records: 2, names: 0 }])
  })

  test.each([
    'select upper(word) as word from batch',
    'select coalesce(n, 0) as n from batch where n > 0 group by n',
    'select word, max(n) as n from batch group by word having max(n) > 1 order by n',
    'select sum(n) over (order by seen) as n from batch',
    'with t as (select upper(word) as word from batch) select word || word as word from t order by word',
    'select upper(batch.word) as word from batch',
    'select batch.n1, batch.n2, batch."n""3" from batch',
    'select word, row_number() over w as r from batch window w as (partition by word order by n) qualify r = 1',
    'select \'é\', word from batch where exists (select 1 from batch b where b.n = batch.n and b."an m" > 1)',
    'select word, (select max(o.n) from batch as o where o.word = batch.word) as n from batch',
    'select word as w, upper(w) as word, n + 1 as n, n as m from batch',
    'select upper(word) as w, count(*) as n from batch group by w order by w, n',
    'select list_transform(items, lambda item: item + more) as items, item from batch',
    'select Word, wORD as other, b.word as third from batch b join (select n from batch) using (n)',
    'select b as record, n from batch b',
    'with a as (select x as y from batch) select a.y, z.y as w from a, (select y from batch) as z',
    'from (select a, b, c from batch) pivot (max(a) for b in (1, 2) group by c)',
    'from (unpivot (select a, b from batch) on a, b into name n value v) where v > 1',
  ])('%s, over an empty batch', async (query) => {
    expect(await ctx.emptyRDD().sql(query).collect()).toEqual([])
  })

  test('names of columns are those of the tables that their aliases stand for', async () => {
    const [a, b] = [ctx.emptyRDD(), ctx.emptyRDD()]
    const query = 'select x.n as n, y.m as m, count(x.k) as k, o from a as x left join b as y on x.k = y.k group by all'
    expect(await sql(query, { a, b }).collect()).toEqual([])
    const known = ctx.parallelize([{ k: 1, n: 2 }], 1)
    const joined = 'select k, x.n as n, m from known as x left join b as y using (k)'
    expect(await sql(joined, { b, known }).collect()).toEqual([{ k: 1, n: 2, m: null }])
  })

  test('an empty batch has any column, and functions of times need its type', async () => {
    const at = (t: string) => ctx.emptyRDD().sql(`select date_trunc('minute', ${t}) as t from batch`).collect()
    expect(await at('t::timestamp')).toEqual([])
    await expect(at('t')).rejects.toMatchObject({ cause: { message: expect.stringContaining('with toTable') } })
  })

  test('a small bigint comes out as a number, as every whole number within 2^53', async () => {
    expect(await through([{ x: 5n }, { x: 2n ** 53n }])).toStrictEqual([{ x: 5 }, { x: 2n ** 53n }])
  })

  test('numbers have one type in every batch, whether they are whole or not', async () => {
    const types = (records: readonly object[]) =>
      ctx.parallelize(records, 1).sql('select typeof(x) as t from batch').collect()
    expect(await types([{ x: 1 }])).toEqual([{ t: 'DOUBLE' }])
    expect(await types([{ x: 1.5 }])).toEqual([{ t: 'DOUBLE' }])
  })

  test('a column that is null in all records fits every function', async () => {
    const query = 'select sum(a) as s, max(upper(b)) as u, bool_or(list_contains(c, 1)) as l from batch'
    const records = [{ a: null, b: undefined, c: [] }]
    expect(await ctx.parallelize(records, 1).sql(query).collect()).toEqual([{ s: null, u: null, l: false }])
  })

  test('decimals are the nearest numbers', async () => {
    const query = 'select 0.1::decimal(38, 30) as a, 1.15::decimal(38, 25) as b, 0.07 as c'
    expect(await ctx.range(1).sql(query).collect()).toStrictEqual([{ a: 0.1, b: 1.15, c: 0.07 }])
  })

  test.each([
    ["select timestamp 'infinity' as t", /^The result has the time infinity, which a Date cannot have/],
    ["select date 'infinity' as d", /^The result has the time .*, which a Date cannot have/],
    ["select date '290000-01-01' as d", /^The result has the time 290000-01-01, which/],
  ])('%s is an error', async (query, message) => {
    const error: unknown = await ctx
      .range(1)
      .sql(query)
      .collect()
      .catch((error: MillraceError) => error.cause)
    expect(error).toBeInstanceOf(SqlError)
    expect((error as SqlError).message).toMatch(message)
  })

  test('types of SQL that records lack', async () => {
    const query = `select 1.25::decimal(9, 2) as dec, date '1969-12-31' as day, time '01:02:03' as t, interval 1 month as i,
      map {'a': 1} as m, uuid '00000000-0000-0000-0000-000000000001' as u, 1::utinyint as small, 2::hugeint as huge,
      timestamp_ns '1970-01-01 00:00:01.5' as ns, [1, 2]::integer[2] as arr, timestamptz '1970-01-01 00:00:01+00' as tz`
    expect(await ctx.range(1).sql(query).collect()).toStrictEqual([
      {
        dec: 1.25,
        day: new Date(-86_400_000),
        t: '01:02:03',
        i: '1 month',
        m: new Map([['a', 1]]),
        u: '00000000-0000-0000-0000-000000000001',
        small: 1,
        huge: 2,
        ns: new Date(1500),
        arr: [1, 2],
        tz: new Date(1000),
      },
    ])
  })
})

describe('set types', () => {
  test('take the values that fit them', async () => {
    const at = new Date(86_400_000)
    const records = [{ i: 5, b: 6n, h: 2n ** 100n, d: 1, v: 'x', day: at, t: at, l: [1], s: { x: null }, y: false }]
    const columns: Columns = {
      i: 'INTEGER',
      b: 'BIGINT',
      h: 'HUGEINT',
      d: 'DOUBLE',
      v: 'VARCHAR',
      day: 'DATE',
      t: 'TIMESTAMP',
      l: ['BIGINT'],
      s: { x: 'BLOB' },
      y: 'BOOLEAN',
    }
    expect(await through(records, columns)).toStrictEqual([{ ...records[0], b: 6 }])
  })

  test('name the parts of arrays, and single values', async () => {
    expect(await through([[1, 'a', true]], { n: 'BIGINT', v: 'VARCHAR', b: 'BOOLEAN' })).toEqual([
      { n: 1, v: 'a', b: true },
    ])
    expect(await through(['a', null], { word: 'VARCHAR' })).toEqual([{ word: 'a' }, { word: null }])
  })

  test('mixed numbers and bigints', async () => {
    expect(await through([{ x: 1 }, { x: 2n ** 60n }], { x: 'BIGINT' })).toEqual([{ x: 1 }, { x: 2n ** 60n }])
  })

  test.each<[Columns, unknown, RegExp]>([
    [
      { x: 'INTEGER' },
      1.5,
      /^t\[0\]\.x is 1.5, and its column is INTEGER, which needs a whole number of at most 32 bits/,
    ],
    [{ x: 'INTEGER' }, 2 ** 31, /needs a whole number of at most 32 bits/],
    [{ x: 'BIGINT' }, 2n ** 63n, /needs a whole number of at most 64 bits/],
    [{ x: 'VARCHAR' }, 1, /^t\[0\]\.x is 1, and its column is VARCHAR, which needs a text/],
    [{ x: 'TIMESTAMP' }, '2026', /needs a Date/],
    [{ x: 'TIMESTAMP' }, new Date(Number.NaN), /^t\[0\]\.x is an invalid Date/],
    [{ x: { a: ['BIGINT'] } }, { a: [1, 'b'] }, /^t\[0\]\.x\.a\[1\] is "b", and its column is BIGINT/],
    [{ x: { a: 'DOUBLE' } }, { b: 1 }, /^t\[0\]\.x has a field 'b', and its column has a/],
    [{ x: ['DOUBLE'] }, 1, /^t\[0\]\.x is 1, and its column is a list, which needs an array/],
  ])('a value that does not fit is an error with a path, case %#', async (columns, value, message) => {
    expect(await failure([{ x: value }], columns)).toMatch(message)
  })

  test('a field without a column is an error', async () => {
    expect(await failure([{ x: 1, y: 2 }], { x: 'DOUBLE' })).toMatch(/A record for the table t has a field 'y'/)
  })

  test.each<[unknown, RegExp]>([
    [{}, /columns is an object; it must be an object with the type of each column/],
    [{ x: 'TEXT' }, /the type of column x is "TEXT"; it must be BOOLEAN, /],
    [{ x: { y: ['DOUBLE', 'DOUBLE'] } }, /the type of column x.y is an array/],
    [{ x: {} }, /the type of column x is an object/],
    [{ x: 'DOUBLE', X: 'DOUBLE' }, /X and x differ only in case/],
    [{ '': 'DOUBLE' }, /the name "" of a column is empty/],
    [{ x: { 'a\0': 'DOUBLE' } }, /of a column has a NUL character/],
  ])('wrong types are refused at once, case %#', (columns, message) => {
    expect(() => ctx.range(1).toTable(columns as Columns)).toThrow(message)
  })
})

describe('records without a common type are an error with a path', () => {
  test.each<[readonly unknown[], RegExp]>([
    [[{ x: 1 }, { x: 'a' }], /^t\[1\]\.x is "a", and earlier records have DOUBLE there\. Map the records/],
    [
      [{ x: 1 }, { x: 1n }],
      /^t\[1\]\.x is 1n, and earlier records have DOUBLE there\. Set the type with toTable: 'BIGINT'/,
    ],
    [
      [{ x: [{ y: 1 }] }, { x: [{ y: 2 }, { y: true }] }],
      /^t\[1\]\.x\[1\]\.y is true, and earlier records have DOUBLE/,
    ],
    [[{ x: [1] }, { x: { a: 1 } }], /^t\[1\]\.x is an object, and earlier records have lists there/],
    [[{ x: new Map() }], /^t\[0\]\.x is a Map, which SQL does not have\. Use an array/],
    [[{ x: /a/ }], /^t\[0\]\.x is a RegExp, which SQL does not have/],
    [[{ x: {} }], /^t\[0\]\.x is an object without fields/],
    [[{ x: 1 }, { X: 2 }], /^t\[1\] has a field 'X', and 'x' differs only in case/],
    [[{ x: 1 }, 'a'], /^t\[1\] is "a", and earlier records are objects/],
    [[[1, 2, 3]], /^t\[0\] is an array of 3\. Name its columns with toTable/],
    [[{ 'a\0b': 1 }], /^t\[0\] has a field "a.*b", and this name has a NUL character/],
    [[{ x: { '': 1 } }], /^t\[0\]\.x has a field "", and this name is empty/],
    [[new Map()], /^t\[0\] is a Map; map it to an object/],
  ])('case %#', async (records, message) => {
    expect(await failure(records)).toMatch(message)
  })
})
