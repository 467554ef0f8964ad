import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { Context, ManualClock, type StreamingContext } from 'millrace'
import { type SqliteSinkOptions, type SqliteTableOptions, sqliteSink, sqliteTableSource } from 'millrace/sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'
import { manualStreams, range, runBatches } from '../support/streams.js'

const open: { stop(): Promise<unknown> }[] = []
const databases: DatabaseSync[] = []
const directories: string[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
  for (const database of databases.splice(0)) if (database.isOpen) database.close()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-sqlite-'))
  directories.push(path)
  return path
}

/** A database with a table `t`. */
function newDatabase(columns = 'id INTEGER PRIMARY KEY, name TEXT') {
  const path = join(newDirectory(), 'data.db')
  const database = new DatabaseSync(path)
  databases.push(database)
  database.exec(`CREATE TABLE t (${columns})`)
  return { path, database }
}

const idsIn = (database: DatabaseSync) =>
  database
    .prepare('SELECT id FROM t ORDER BY id')
    .all()
    .map(({ id }) => Number(id))

describe('the SQLite sink', () => {
  async function write(
    batches: readonly (readonly unknown[])[],
    options: Partial<SqliteSinkOptions> & { readonly path: string },
    each?: (ssc: StreamingContext, i: number) => unknown,
  ) {
    const streams = manualStreams()
    open.push(streams.ssc)
    streams.ssc
      .queueStream([...batches] as object[][])
      .writeTo(sqliteSink({ table: 't', columns: ['id'], application: 'a', ...options }))
    await runBatches(streams, batches.length, each)
  }
  const numbered = (count: number, size: number) =>
    range(0, count).map((i) => range(i * size, (i + 1) * size).map((id) => ({ id })))

  test('rows arrive with their values; columns that are not named get their defaults', async () => {
    const { path, database } = newDatabase(
      "id INTEGER, name TEXT, ratio REAL, data BLOB, at TEXT, ok INTEGER, doc TEXT, made TEXT DEFAULT 'here'",
    )
    const row = {
      id: 9_007_199_254_740_993n,
      name: "it's \u{1f40e}",
      ratio: 0.5,
      data: new Uint8Array([0, 255]),
      at: new Date('2026-01-02T03:04:05.678Z'),
      ok: true,
      doc: { a: [1] },
    }
    const columns = ['id', 'name', 'ratio', 'data', 'at', 'ok', 'doc']
    await write([[row, [1, null, 2, undefined, null, false, []]]], { path, columns })
    const statement = database.prepare('SELECT * FROM t ORDER BY id DESC')
    statement.setReadBigInts(true)
    expect(statement.all().map((each) => ({ ...each }))).toEqual([
      {
        ...row,
        data: new Uint8Array([0, 255]),
        at: '2026-01-02T03:04:05.678Z',
        ok: 1n,
        doc: '{"a":[1]}',
        made: 'here',
      },
      { id: 1n, name: null, ratio: 2, data: null, at: null, ok: 0n, doc: '[]', made: 'here' },
    ])
  })

  test('each row is there once when threads die', async () => {
    const { path, database } = newDatabase()
    await write(numbered(10, 600), { path }, (ssc, i) => killThread(ssc, i % 2))
    expect(idsIn(database)).toEqual(range(0, 6000))
  })

  test('a batch that runs again in another process is left out', async () => {
    const { path, database } = newDatabase('id INTEGER')
    await write(numbered(3, 50), { path })
    await write(numbered(4, 50), { path })
    expect(idsIn(database)).toEqual(range(0, 200))
  })

  test('a batch waits for another writer, and the loop of the driver goes on', async () => {
    const { path, database } = newDatabase()
    database.exec('BEGIN IMMEDIATE; INSERT INTO t (id) VALUES (1000)')
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    const written = write(numbered(1, 50), { path })
    await expect.poll(() => turns).toBeGreaterThan(20)
    expect(idsIn(database)).toEqual([1000])
    database.exec('COMMIT')
    await written
    clearInterval(timer)
    expect(idsIn(database)).toEqual([...range(0, 50), 1000])
  })

  test('a database that stays locked fails the batch, which can run again', async () => {
    const { path, database } = newDatabase()
    await write(numbered(1, 10), { path })
    database.exec('BEGIN IMMEDIATE')
    await expect(write(numbered(2, 10), { path, busyTime: 100 })).rejects.toThrow('locked')
    database.exec('ROLLBACK')
    await write(numbered(2, 10), { path })
    expect(idsIn(database)).toEqual(range(0, 20))
  })

  test.each<[SqliteSinkOptions['onConflict'], string]>([
    ['ignore', 'old'],
    ['replace', 'new'],
  ])('a row that exists already: onConflict %s', async (onConflict, name) => {
    const { path, database } = newDatabase()
    database.exec("INSERT INTO t VALUES (1, 'old')")
    await write([[{ id: 1, name: 'new' }]], { path, columns: ['id', 'name'], onConflict })
    expect(
      database
        .prepare('SELECT name FROM t')
        .all()
        .map(({ name: found }) => found),
    ).toEqual([name])
  })

  test('a row that exists already fails its batch by default, and nothing of the batch is written', async () => {
    const { path, database } = newDatabase()
    database.exec('INSERT INTO t (id) VALUES (3)')
    await expect(write(numbered(1, 5), { path })).rejects.toThrow('UNIQUE constraint failed')
    expect(idsIn(database)).toEqual([3])
    // The batch is not noted either.
    database.exec('DELETE FROM t')
    await write(numbered(1, 5), { path })
    expect(idsIn(database)).toEqual(range(0, 5))
  })

  test.each<[string, unknown, string]>([
    ['a text', 'text', 'map records to objects'],
    ['too many values', [1, 2], 'is an array of 2; it must have one value for each column: id'],
    ['a misspelled field', { id: 1, nmae: 'x' }, "A record for SQLite has a field 'nmae', and the columns are id"],
    ['NaN', { id: Number.NaN }, 'NaN, which SQLite cannot store'],
    ['an integer of more than 64 bits', { id: 2n ** 64n }, 'does not fit the 64 bits'],
  ])('a record that is no row fails its batch: %s', async (_, record, text) => {
    const { path } = newDatabase()
    await expect(write([[record]], { path })).rejects.toThrow(text)
  })

  test.each<[string, Partial<SqliteSinkOptions>, string]>([
    ['a table that does not exist', { table: 'x"; DROP TABLE t; --' }, 'There is no table x"; DROP TABLE t; --'],
    ['a column that does not exist', { columns: ['id', 'x'] }, 'has no column x'],
    ['a folder that does not exist', { path: '/no/such/folder/data.db' }, 'SQLite cannot open /no/such/folder/data.db'],
  ])('%s is an error', async (_, wrong, text) => {
    const { path, database } = newDatabase()
    await expect(write(numbered(1, 1), { path, ...wrong })).rejects.toThrow(text)
    expect(idsIn(database)).toEqual([])
  })
})

describe('a table of SQLite', () => {
  interface Row {
    readonly id: number
    readonly name?: string
  }
  const insert = (database: DatabaseSync, count: number) =>
    database.exec(
      `INSERT INTO t (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT 'n' FROM n`,
    )
  function context(): Context {
    const ctx = new Context({ threads: 2 })
    open.push(ctx)
    return ctx
  }
  function read(options: SqliteTableOptions, more: { clock?: ManualClock; checkpointDir?: string } = {}) {
    const streams = manualStreams(more)
    open.push(streams.ssc)
    const batches: number[][] = []
    streams.ssc.input(sqliteTableSource<Row>(options)).foreachRDD(async (rdd) => {
      batches.push((await rdd.collect()).map(({ id }) => id))
    })
    return { ...streams, batches }
  }

  test('a dataset has all rows, cut by the key', async () => {
    const { path, database } = newDatabase()
    insert(database, 12_345)
    const rdd = await context().input(sqliteTableSource<Row>({ path, table: 't', key: 'id', numPartitions: 3 }))
    expect(rdd.getNumPartitions()).toBe(3)
    expect((await rdd.collect()).map(({ id }) => id)).toEqual(range(1, 12_346))
  })

  test('a dataset has the columns and rows that are asked for, with or without a key', async () => {
    const { path, database } = newDatabase('id INTEGER PRIMARY KEY, name TEXT, big INTEGER, data BLOB')
    database.exec("INSERT INTO t VALUES (1, 'a', 9007199254740993, x'00ff'), (2, 'b', 3, NULL)")
    const ctx = context()
    expect(await (await ctx.input(sqliteTableSource({ path, table: 't' }))).collect()).toEqual([
      { id: 1, name: 'a', big: 9_007_199_254_740_993n, data: new Uint8Array([0, 255]) },
      { id: 2, name: 'b', big: 3, data: null },
    ])
    const options = { path, table: 't', key: 'rowid', columns: ['name'], where: "name > 'a'" }
    expect(await (await ctx.input(sqliteTableSource(options))).collect()).toEqual([{ name: 'b' }])
  })

  test('a stream reads each row once, also when threads die', async () => {
    const { path, database } = newDatabase()
    const { ssc, batches, clock, tick } = read({ path, table: 't', key: 'id', numPartitions: 2, maxRows: 300 })
    await ssc.start()
    for (let i = 0; i < 4; i++) {
      insert(database, 250)
      const advanced = clock.advance(1000)
      await killThread(ssc, i % 2)
      await advanced
      await ssc.awaitIdle()
    }
    await tick(2)
    expect(batches.flat()).toEqual(range(1, 1001))
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(300)
  })

  test('the status has the distance to the greatest key', async () => {
    const { path, database } = newDatabase()
    const { ssc, clock } = manualStreams()
    open.push(ssc)
    ssc.input(sqliteTableSource({ path, table: 't', key: 'id', maxRows: 4 })).foreachRDD((rdd) => rdd.collect())
    await ssc.start()
    const lagAfter = async () => {
      await clock.advance(1000)
      await ssc.awaitIdle()
      return (await ssc.status()).inputs[0]!.lag
    }
    const name = `sqlite t@${path}`
    expect(await lagAfter()).toMatchObject({ unit: 'keys', total: 0, parts: [{ name, lag: 0 }] })
    for (const id of range(1, 11)) database.exec(`INSERT INTO t (id) VALUES (${id})`)
    expect(await lagAfter()).toEqual({
      unit: 'keys',
      total: 6,
      parts: [{ name, lag: 6, read: '4', end: '10' }],
      partsOmitted: 0,
    })
    await lagAfter()
    expect(await lagAfter()).toMatchObject({ total: 0, parts: [{ lag: 0, read: '10', end: '10' }] })
    database.exec('DELETE FROM t')
    expect(await lagAfter()).toMatchObject({ total: 0, parts: [{ lag: 0, read: '10' }] })
  })

  test('a restarted process reads on from its checkpoint', async () => {
    const { path, database } = newDatabase()
    const checkpointDir = newDirectory()
    insert(database, 10)
    const first = read({ path, table: 't', key: 'id' }, { checkpointDir })
    await first.ssc.start()
    await first.tick()
    await first.ssc.stop({ graceful: true })
    insert(database, 10)
    const clock = new ManualClock(first.clock.now() + 1500)
    const second = read({ path, table: 't', key: 'id' }, { checkpointDir, clock })
    await second.ssc.start()
    await second.tick(2)
    expect([...first.batches, ...second.batches].flat()).toEqual(range(1, 21))
  })

  test.each<[string, Partial<SqliteTableOptions>, string]>([
    ['a file that does not exist', { path: '/no/such/data.db' }, 'SQLite cannot open /no/such/data.db'],
    ['a table that does not exist', { table: 'nowhere' }, 'There is no table nowhere'],
    ['a key that does not exist', { key: 'x' }, 'has no column x'],
    ['a key that is no integer', { key: 'name' }, 'is TEXT and may be NULL'],
    ['a stream without a key', { key: undefined }, 'needs the option key'],
  ])('%s is an error at the start', async (_, wrong, text) => {
    const { path } = newDatabase()
    const { ssc } = read({ path, table: 't', key: 'id', ...wrong })
    await expect(ssc.start()).rejects.toThrow(text)
  })
})

test.each<[string, () => unknown, string]>([
  [
    'a database in memory',
    () => sqliteSink({ path: ':memory:', table: 't', columns: ['a'], application: 'a' }),
    'path',
  ],
  ['no table', () => sqliteTableSource({ path: 'x' } as never), 'table'],
  ['a column twice', () => sqliteSink({ path: 'x', table: 't', columns: ['a', 'a'], application: 'a' }), 'columns'],
  ['no application', () => sqliteSink({ path: 'x', table: 't', columns: ['a'] } as never), 'application'],
  ['an unknown option', () => sqliteTableSource({ path: 'x', table: 't', sql: '' } as never), "no option 'sql'"],
])('a connector of SQLite with %s is refused', (_, make, text) => {
  expect(make).toThrow(text)
})
