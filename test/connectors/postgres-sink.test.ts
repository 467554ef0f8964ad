import type { StreamingContext } from 'millrace'
import { type PostgresSinkOptions, postgresSink } from 'millrace/postgres'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PostgresService } from '../services/postgres.js'
import { hasService } from '../services/service.js'
import { killThread } from '../support/kill.js'
import { manualStreams, range, runBatches } from '../support/streams.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

describe.runIf(hasService('postgres'))('the PostgreSQL sink', () => {
  let postgres: PostgresService
  let client: pg.Client
  let tables = 0

  beforeAll(async () => {
    postgres = await PostgresService.start()
    await connect()
  })
  afterAll(async () => {
    await client?.end().catch(() => undefined)
    await postgres?.[Symbol.asyncDispose]()
  })

  async function connect(): Promise<void> {
    client = new pg.Client({ connectionString: postgres.url })
    client.on('error', () => undefined)
    await client.connect()
  }

  async function newTable(columns: string): Promise<string> {
    const table = `table_${++tables}`
    await client.query(`CREATE TABLE ${table} (${columns})`)
    return table
  }

  const rowsOf = async (table: string) =>
    (await client.query(`SELECT * FROM ${table}`)).rows as Record<string, unknown>[]
  const idsOf = async (table: string) => (await rowsOf(table)).map(({ id }) => Number(id)).sort((a, b) => a - b)

  type Options = Partial<PostgresSinkOptions> & { readonly table: string }
  function sinkOf(options: Options) {
    return postgresSink({ connection: postgres.url, application: `app-${options.table}`, columns: ['id'], ...options })
  }

  /** Writes each list as a batch; `each` runs while a batch does. */
  async function write(
    batches: readonly unknown[][],
    options: Options,
    each?: (ssc: StreamingContext, i: number) => unknown,
  ) {
    const streams = manualStreams()
    open.push(streams.ssc)
    streams.ssc.queueStream([...batches] as object[][]).writeTo(sinkOf(options))
    await runBatches(streams, batches.length, each)
  }
  const numbered = (count: number, size: number) =>
    range(0, count).map((i) => range(i * size, (i + 1) * size).map((id) => ({ id })))
  const kill = (ssc: StreamingContext, i: number) => killThread(ssc, i % 2)

  test('rows arrive with the types of their columns; columns that are not named get their defaults', async () => {
    const columns =
      "id bigint, name text, at timestamptz, data bytea, ratio float8, tags jsonb, ok boolean, made text DEFAULT 'here'"
    const table = await newTable(columns)
    const at = new Date('2026-01-02T03:04:05.678Z')
    const row = {
      id: 9_007_199_254_740_993n,
      name: "it's \u{1f40e}",
      at,
      data: new Uint8Array([0, 255]),
      ratio: NaN,
      tags: { a: [1] },
      ok: true,
    }
    const empty = { id: 1, name: null, at: undefined, data: null, ratio: 0.5, tags: null, ok: false }
    await write([[row, empty]], { table, columns: ['id', 'name', 'at', 'data', 'ratio', 'tags', 'ok'] })
    const found = (await rowsOf(table)).sort((a, b) => Number(b.ratio) - Number(a.ratio))
    const [first, second] = found[0]!.name === null ? [found[1]!, found[0]!] : [found[0]!, found[1]!]
    expect(first).toEqual({ ...row, id: '9007199254740993', data: Buffer.from([0, 255]), made: 'here' })
    expect(second).toEqual({ ...empty, id: '1', at: null, made: 'here' })
  })

  test('psql reads what is written', async () => {
    const table = await newTable('id int, name text')
    const rows = range(0, 100).map((id) => ({ id, name: `name ${id} ü` }))
    await write([rows.slice(0, 50), rows.slice(50)], { table, columns: ['id', 'name'] })
    const lines = rows.map(({ id, name }) => `${id}|${name}\n`)
    expect(postgres.psql(`SELECT id, name FROM ${table} ORDER BY id`)).toBe(lines.join(''))
  })

  test('arrays give the columns in their order', async () => {
    const table = await newTable('id int, name text')
    await write(
      [
        [
          [2, 'b'],
          [1, 'a'],
        ],
      ],
      { table, columns: ['id', 'name'] },
    )
    expect((await rowsOf(table)).sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ])
  })

  test('rows that threads staged before they died leave the staging table with the next commit', async () => {
    const table = await newTable('id int')
    await write(numbered(12, 300), { table, inlineRows: 10 }, kill)
    expect(await idsOf(table)).toEqual(range(0, 3600))
    expect((await client.query('SELECT count(*)::int AS n FROM millrace_staging')).rows).toEqual([{ n: 0 }])
  })

  test.each<[PostgresSinkOptions['onConflict'], unknown]>([
    [
      'ignore',
      [
        { id: 1, name: 'old' },
        { id: 2, name: 'new' },
      ],
    ],
    [
      { update: ['id'] },
      [
        { id: 1, name: 'new' },
        { id: 2, name: 'new' },
      ],
    ],
  ])('rows that are there already: onConflict %j', async (onConflict, expected) => {
    const table = await newTable('id int PRIMARY KEY, name text')
    await client.query(`INSERT INTO ${table} VALUES (1, 'old')`)
    await write(
      [
        [
          { id: 1, name: 'new' },
          { id: 2, name: 'new' },
        ],
      ],
      { table, columns: ['id', 'name'], onConflict },
    )
    expect((await rowsOf(table)).sort((a, b) => Number(a.id) - Number(b.id))).toEqual(expected)
  })

  test('a row that is there already fails its batch by default, and nothing of the batch is written', async () => {
    const table = await newTable('id int PRIMARY KEY')
    await client.query(`INSERT INTO ${table} VALUES (3)`)
    await expect(write(numbered(1, 5), { table })).rejects.toThrow('duplicate key')
    expect(await idsOf(table)).toEqual([3])
  })

  test('names are quoted: a hostile table name is a name', async () => {
    await expect(write(numbered(1, 1), { table: 'x"; DROP TABLE millrace_commits; --' })).rejects.toThrow(
      'does not exist',
    )
    expect((await client.query('SELECT count(*)::int AS n FROM millrace_commits')).rows[0].n).toBeGreaterThan(0)
  })

  test.each<[string, unknown, string]>([
    ['a text', 'text', 'map records to objects'],
    ['too many values', [1, 2], 'is an array of 2; it must have one value for each column: id'],
    ['a misspelled field', { id: 1, nmae: 'x' }, "A record for PostgreSQL has a field 'nmae', and the columns are id"],
    ['a text with U+0000', { id: 'a\0' }, 'U+0000'],
  ])('a record that is no row fails its batch: %s', async (_, record, text) => {
    const table = await newTable('id text')
    await expect(write([[record]], { table })).rejects.toThrow(text)
  })
})

test.each<[string, object, string]>([
  ['no table', { connection: 'x', columns: ['a'], application: 'a' }, 'table'],
  ['a column twice', { connection: 'x', table: 't', columns: ['a', 'a'], application: 'a' }, 'columns'],
  [
    'a conflict on another column',
    { connection: 'x', table: 't', columns: ['a'], application: 'a', onConflict: { update: ['b'] } },
    'onConflict',
  ],
  ['an unknown option', { connection: 'x', table: 't', columns: ['a'], application: 'a', url: 'x' }, "no option 'url'"],
])('a sink with %s is refused', (_, options, text) => {
  expect(() => postgresSink(options as PostgresSinkOptions)).toThrow(text)
})
