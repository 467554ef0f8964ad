import { ArgumentError, Context, type MillraceError, SqlError, TaskFailedError } from 'millrace'
import { type SqlOptions, type SqlTables, sql } from 'millrace/sql'
import { afterAll, describe, expect, test } from 'vitest'

const ctx = new Context({ threads: 1, spare: false })
afterAll(() => ctx.stop())

async function failure(text: string, options?: SqlOptions) {
  const error: unknown = await ctx
    .parallelize([{ word: 'a', n: 1 }], 1)
    .sql(text, options)
    .collect()
    .then(
      () => undefined,
      (error) => error,
    )
  expect(error).toBeInstanceOf(TaskFailedError)
  const { cause, stack } = error as MillraceError
  expect(cause).toBeInstanceOf(SqlError)
  const { code, message, details } = cause as SqlError
  expect(code).toBe('ERR_MILLRACE_SQL')
  return { message, details, stack: stack! }
}

describe('an error of DuckDB', () => {
  test.each<[string, object, RegExp]>([
    [
      'select * form batch',
      { kind: 'Parser', line: 1, column: 15 },
      /^Parser error at line 1, column 15 of the query: syntax error/,
    ],
    [
      "select 'é\u{1f40e}',\n  wrd from batch",
      { kind: 'Binder', line: 2, column: 3 },
      /Referenced column "wrd" not found in FROM clause! Candidate bindings: "word"/,
    ],
    ['select * from words', { kind: 'Catalog', line: 1, column: 15 }, /Table with name words does not exist!/],
    [
      'select\n\nsum(cast(word as integer)) from batch',
      { kind: 'Conversion', line: 3, column: 5 },
      /Could not convert string 'a' to INT32/,
    ],
    ['select error(word) from batch', { kind: 'Invalid Input' }, /^Invalid Input error of the query: a\./],
  ])('%# names its kind and its place in the query', async (text, details, message) => {
    const found = await failure(text)
    expect(found.message).toMatch(message)
    expect(found.details).toEqual({ ...details, final: true })
  })

  test('shows the place in the program first, and is not tried again', async () => {
    const { stack } = await failure(`select
      nothing_like_this from batch`)
    const [message, frame] = stack.split('\n')
    expect(message).toMatch(
      /^TaskFailedError: sql failed in partition 0 .* a repetition cannot succeed: Binder error at line 2, column 7/,
    )
    expect(frame).toMatch(/at sql \([^(]*errors\.test\.ts:\d+:7\)$/)
  })
})

describe('a query', () => {
  test.each([
    ['', /the query is ""/],
    [5, /the query is 5/],
    ['select * from t\0 where x = 1', /the query has a NUL character at offset 15/],
  ])('%j is no query', (text, message) => {
    expect(() => sql(text as string, { t: ctx.range(1) })).toThrow(message)
  })

  test.each<[unknown, RegExp]>([
    [undefined, /tables is undefined; it must be an object of at least one dataset or stream/],
    [{}, /tables is an object; it must/],
    [{ t: [1] }, /the table t is an array; it must be a dataset, a stream, or the result of their toTable/],
    [{ t: 'x', T: 'y' }, /the table t is "x"/],
    [{ '': 'x' }, /the name "" of a table is empty/],
    [{ 'a\0b': 'x' }, /of a table has a NUL character/],
  ])('tables, case %#', (tables, message) => {
    expect(() => sql('select 1', tables as SqlTables)).toThrow(ArgumentError)
    expect(() => sql('select 1', tables as SqlTables)).toThrow(message)
  })

  test('names of tables differ in more than case', () => {
    expect(() => sql('select 1', { t: ctx.range(1), T: ctx.range(1) })).toThrow('two tables are named T')
  })

  test('the datasets are of one context', async () => {
    await using other = new Context({ threads: 1, spare: false })
    expect(() => sql('select 1', { a: ctx.range(1), b: other.range(1) })).toThrow('different contexts')
  })

  test.each<[unknown, RegExp]>([
    [{ params: 'a' }, /params is "a"/],
    [{ memoryLimit: 5 }, /memoryLimit is 5; it must be a whole number of bytes of at least 16777216/],
    [{ maxRows: 0 }, /maxRows is 0; it must be a whole number of rows of at least 1/],
    [{ timeout: 'soon' }, /sql: timeout/],
    [{ param: [] }, /unknown option 'param'/],
    [{ params: [() => 1] }, /argument 1.params\[0\]/],
  ])('options, case %#', (options, message) => {
    expect(() => ctx.range(1).sql('select 1', options as SqlOptions)).toThrow(message)
  })

  test.each<[string, RegExp]>([
    ['-- nothing', /^The query is empty; it must be one SELECT/],
    ['select 1; select 2', /^The query has 2 statements/],
    ['describe batch', /^The query describes tables/],
    ['explain select 1', /^The query is a statement of type EXPLAIN/],
    ['create table x (a int)', /^The query is a statement of type CREATE/],
    ['delete from batch', /^(?:Binder error|The query is a statement of type DELETE)/],
    ['set threads = 4', /^The query is a statement of type SET/],
    ['call range(1)', /^The query is a statement of type CALL/],
    ['select 1 as a, 2 as A', /^The result has two columns named/],
    ['select 1 as "__proto__"', /^The result has a column named '__proto__'/],
    [`select {'__proto__': 1} as s`, /^The result has a struct with a field '__proto__'/],
    ['select union_value(a := 1) as u', /^The result has a column of type UNION/],
  ])('%s', async (text, message) => {
    expect((await failure(text)).message).toMatch(message)
  })

  test.each<[string, SqlOptions, RegExp]>([
    ['select $a', {}, /^The query has the parameters \$a, and params has none\. Pass one value for each/],
    ['select $a', { params: { b: 1 } }, /^The query has the parameters \$a, and params has \$b\./],
    ['select ?', { params: [1, 2] }, /^The query has the parameters \$1, and params has \$1, \$2\./],
  ])('%s with other parameters', async (text, options, message) => {
    expect((await failure(text, options)).message).toMatch(message)
  })
})

test('columns that nobody knows are named', async () => {
  const error = await ctx
    .emptyRDD<{ user: { id: number } }>()
    .sql('select struct_extract(batch.user, 5.5, 3) from batch')
    .collect()
    .catch((error: MillraceError) => error.cause)
  expect((error as SqlError).message).toMatch(
    /The table batch has no records with fields, so its columns are unknown: set them with toTable\.$/,
  )
})

describe('rows that differ on each run are refused', () => {
  test.each([
    'from batch using sample 1',
    'from batch using sample 50%',
    'from batch tablesample reservoir(20 percent)',
    'with x as (from batch using sample 5 rows) from x',
    'select n from batch where exists (select 1 from batch b using sample system(10 percent))',
  ])('%s', async (text) => {
    expect((await failure(text)).message).toBe(
      'A sample without a seed differs on each run, and rows that are computed again must be the same. Add REPEATABLE (42) to it.',
    )
  })

  test('a text in a function, which could have a sample', async () => {
    expect((await failure("from query('from batch using ' || 'sample 1')")).message).toMatch(
      /^query\(\) runs a text that is not checked/,
    )
  })

  test('a sample with a seed passes, and words that only look like one', async () => {
    const run = (text: string) => ctx.range(0, 1000, 1, 1).sql(text).collect()
    const rows = await run('from batch tablesample bernoulli(10 percent) repeatable (7)')
    expect(rows.length).toBeGreaterThan(0)
    expect(await run('from batch tablesample bernoulli(10 percent) repeatable (7)')).toEqual(rows)
    expect(await run("select 'using sample 1' as query, max(value) as sample from batch")).toHaveLength(1)
  })
})

describe('a function whose result differs on each run is refused', () => {
  test.each([
    'random()',
    'now()',
    'current_timestamp',
    'current_date',
    'localtimestamp',
    'localtime',
    'gen_random_uuid()',
    'uuid()',
    'today()',
    'setseed(1)',
  ])('%s', async (call) => {
    expect((await failure(`select ${call} as x from batch`)).message).toMatch(
      /differs on each run.*Pass its value as a parameter\.$/,
    )
  })
})
