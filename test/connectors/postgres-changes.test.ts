import { ManualClock, type MillraceError } from 'millrace'
import { type PostgresChange, type PostgresChangesOptions, postgresChangesSource } from 'millrace/postgres'
import { describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { killThread } from '../support/kill.js'
import { PostgresTests, range } from './postgres-support.js'

describe.runIf(hasService('postgres'))('changes of PostgreSQL', () => {
  const on = new PostgresTests()

  /** A table that is published, and the options that read it. */
  async function published(columns: string) {
    const table = await on.newTable(columns)
    const publication = on.newName('publication')
    await on.client.query(`CREATE PUBLICATION ${publication} FOR TABLE ${table}`)
    return { table, options: { connection: on.postgres.url, slot: on.newName('slot'), publication } }
  }
  const insert = (table: string, from: number, to: number) =>
    on.client.query(`INSERT INTO ${table} SELECT n FROM generate_series(${from}, ${to - 1}) AS n`)
  const idsOf = (batches: readonly (readonly PostgresChange[])[]) => batches.flat().map(({ row }) => Number(row?.id))
  const confirmed = async (slot: string) =>
    (
      await on.client.query('SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1', [
        slot,
      ])
    ).rows[0].lsn as string
  const read = (options: PostgresChangesOptions, more: Parameters<typeof on.read>[1] = {}) =>
    on.read<PostgresChange>(postgresChangesSource(options), more)

  test('inserts, updates, deletes and truncations arrive in the order of commits, whole transactions together', async () => {
    const { table, options } = await published('id int PRIMARY KEY, name text')
    const { ssc, batches, tick } = read(options)
    await ssc.start()
    // The second transaction begins later and commits earlier.
    const other = await on.newClient()
    await on.client.query(`BEGIN; INSERT INTO ${table} VALUES (1, 'a'), (2, NULL)`)
    await other.query(`INSERT INTO ${table} VALUES (3, 'c')`)
    await on.client.query(`UPDATE ${table} SET name = 'b' WHERE id = 2; COMMIT`)
    await tick()
    await other.query(`UPDATE ${table} SET id = 9 WHERE id = 1`)
    await other.query(`DELETE FROM ${table} WHERE id = 3`)
    await other.query(`TRUNCATE ${table}`)
    await other.end()
    await tick()
    expect(batches.map((batch) => batch.map(({ operation, row, old }) => ({ operation, row, old })))).toEqual([
      [
        { operation: 'insert', row: { id: 3, name: 'c' } },
        { operation: 'insert', row: { id: 1, name: 'a' } },
        { operation: 'insert', row: { id: 2, name: null } },
        { operation: 'update', row: { id: 2, name: 'b' } },
      ],
      [
        { operation: 'update', row: { id: 9, name: 'a' }, old: { id: 1 } },
        { operation: 'delete', old: { id: 3 } },
        { operation: 'truncate' },
      ],
    ])
    const [first, second, third] = batches[0]!
    expect(first).toMatchObject({ schema: 'public', table })
    expect(second!.transaction).toBe(third!.transaction)
    expect(second!.lsn).toBe(third!.lsn)
    expect(Math.abs(first!.time - Date.now())).toBeLessThan(3_600_000)
  })

  test('values have the types that JavaScript has; the others are texts', async () => {
    const columns =
      'id bigint, n int, ok boolean, ratio float8, data bytea, at timestamptz, doc jsonb, price numeric, tags text[], day date'
    const { table, options } = await published(columns)
    const { ssc, batches, tick } = read(options)
    await ssc.start()
    const at = '2026-01-02T03:04:05.678Z'
    await on.client.query(
      `INSERT INTO ${table} VALUES (9007199254740993, 7, true, 'NaN', '\\x00ff', '${at}', '{"a": [1]}', 1.10, '{x,y}', '2026-01-02');
       INSERT INTO ${table} VALUES (1)`,
    )
    await tick()
    const [row, empty] = batches[0]!.map((change) => change.row!)
    expect(row).toEqual({
      id: '9007199254740993',
      n: 7,
      ok: true,
      ratio: Number.NaN,
      data: Buffer.from([0, 255]),
      at: new Date(at),
      doc: { a: [1] },
      price: '1.10',
      tags: '{x,y}',
      day: '2026-01-02',
    })
    expect(empty).toMatchObject({ id: '1', n: null, data: null, at: null, doc: null })
  })

  test('a large value that an update leaves as it was is absent, and all of the old row is there on request', async () => {
    const { table, options } = await published('id int PRIMARY KEY, n int, large text')
    await on.client.query(`ALTER TABLE ${table} ALTER COLUMN large SET STORAGE EXTERNAL`)
    const { ssc, batches, tick } = read(options)
    await ssc.start()
    await on.client.query(`INSERT INTO ${table} VALUES (1, 1, repeat('x', 10000))`)
    await on.client.query(`UPDATE ${table} SET n = 2`)
    await on.client.query(`ALTER TABLE ${table} REPLICA IDENTITY FULL`)
    await on.client.query(`UPDATE ${table} SET n = 3`)
    await tick()
    const [, second, third] = batches[0]!
    expect(second).toMatchObject({ row: { id: 1, n: 2 } })
    expect(second!.row).not.toHaveProperty('large')
    expect(third!.old).toEqual({ id: 1, n: 2, large: 'x'.repeat(10_000) })
  })

  test('the slot moves on after the outputs of a batch, and not when they fail', async () => {
    const { table, options } = await published('id int')
    const { ssc, clock, tick } = read(options)
    let fails = false
    ssc.pushStream<number>('other').foreachRDD(() => {
      if (fails) throw new Error('no room')
    })
    await ssc.start()
    const before = await confirmed(options.slot)
    await insert(table, 0, 3)
    await tick()
    await expect.poll(() => confirmed(options.slot)).not.toBe(before)
    const after = await confirmed(options.slot)
    fails = true
    await insert(table, 3, 6)
    await clock.advance(1000)
    await expect(ssc.awaitTermination()).rejects.toThrow('no room')
    await ssc.stop()
    expect(await confirmed(options.slot)).toBe(after)
    // A new process reads the messages that were not processed.
    const second = read(options)
    await second.ssc.start()
    await second.tick()
    expect(idsOf(second.batches)).toEqual([3, 4, 5])
  })

  test('a restarted process reads on from its checkpoint, and the slot holds what it needs', async () => {
    const { table, options } = await published('id int')
    const checkpointDir = on.newDirectory()
    const first = read(options, { checkpointDir })
    await first.ssc.start()
    await insert(table, 0, 10)
    await first.tick()
    await insert(table, 10, 20)
    await first.tick()
    await first.ssc.stop({ graceful: true })
    await insert(table, 20, 30)
    const clock = new ManualClock(first.clock.now() + 1500)
    const second = read(options, { checkpointDir, clock })
    await second.ssc.start()
    await second.tick(2)
    expect([...idsOf(first.batches), ...idsOf(second.batches)]).toEqual(range(0, 30))
  })

  test('with checkpoints the slot moves on once one contains the batch: a process that dies before needs it again', async () => {
    const { table, options } = await published('id int')
    const checkpointDir = on.newDirectory()
    const { ssc, tick } = read(options, { checkpointDir, checkpointInterval: '10s' })
    await ssc.start()
    const before = await confirmed(options.slot)
    for (let i = 0; i < 3; i++) {
      await insert(table, i * 10, (i + 1) * 10)
      await tick()
    }
    expect(await confirmed(options.slot)).toBe(before)
    // The stop writes a checkpoint.
    await ssc.stop()
    expect(await confirmed(options.slot)).not.toBe(before)
  })

  test("with until: 'caught-up' a stream reads what the slot holds, and stops", async () => {
    const { table, options } = await published('id int')
    await on.client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [options.slot])
    for (let i = 0; i < 5; i++) await insert(table, i * 100, (i + 1) * 100)
    const { ssc, batches } = read({ ...options, maxBatchBytes: 10_000 })
    await ssc.start({ until: 'caught-up' })
    await ssc.awaitTermination()
    expect(idsOf(batches)).toEqual(range(0, 500))
  })

  test('nothing is lost or doubled when threads die while they read', async () => {
    const { table, options } = await published('id int')
    const { ssc, batches, clock, tick } = read(options)
    await ssc.start()
    for (let i = 0; i < 6; i++) {
      await insert(table, i * 500, (i + 1) * 500)
      const advanced = clock.advance(1000)
      await killThread(ssc, i % 2)
      await advanced
      await ssc.awaitIdle()
    }
    await tick()
    expect(idsOf(batches)).toEqual(range(0, 3000))
  })

  test('a stream goes on when the server crashes and is restarted', async () => {
    const { table, options } = await published('id int')
    const { ssc, batches, tick } = read({ ...options, retryTime: '8m' })
    await ssc.start()
    await insert(table, 0, 50)
    await tick()
    await on.postgres.stop('SIGQUIT')
    const ticked = tick()
    await on.postgres.restart()
    await ticked
    await on.connect()
    await insert(table, 50, 100)
    await tick(2)
    expect(idsOf(batches)).toEqual(range(0, 100))
  })

  test('a batch spans at most maxBatchBytes of the log, and a transaction is never cut', async () => {
    const { table, options } = await published('id int')
    const { ssc, batches, tick } = read({ ...options, maxBatchBytes: 20_000 })
    await ssc.start()
    for (let i = 0; i < 20; i++) await insert(table, i * 100, (i + 1) * 100)
    await tick(12)
    expect(idsOf(batches)).toEqual(range(0, 2000))
    const filled = batches.filter((batch) => batch.length > 0)
    expect(filled.length).toBeGreaterThan(3)
    for (const batch of filled) expect(batch.length % 100).toBe(0)
  })

  test('the status has the bytes of the log that no complete batch has read', async () => {
    const { table, options } = await published('id int')
    const { ssc, tick } = read({ ...options, maxBatchBytes: 20_000 })
    await ssc.start()
    for (let i = 0; i < 20; i++) await insert(table, i * 100, (i + 1) * 100)
    const lag = async () => (await ssc.status()).inputs[0]!.lag!
    await tick()
    const bytes = async (to: unknown, from: unknown): Promise<number> => {
      const { rows } = await on.client.query('SELECT pg_wal_lsn_diff($1, $2)::int AS bytes', [to, from])
      return rows[0].bytes
    }
    const first = await lag()
    expect(first).toMatchObject({ unit: 'bytes', parts: [{ name: options.slot }] })
    expect(first.total).toBe(await bytes(first.parts[0]!.end, first.parts[0]!.read))
    expect(first.total).toBeGreaterThan(20_000)
    await tick()
    const second = await lag()
    expect(second.total).toBe(await bytes(second.parts[0]!.end, second.parts[0]!.read))
    expect(await bytes(second.parts[0]!.read, first.parts[0]!.read)).toBeGreaterThan(0)
  })

  test('a slot that grows beyond the limit is reported once', async () => {
    const { table, options } = await published('id int')
    const { ssc, warnings, tick } = read({ ...options, warnSlotBytes: 1, maxBatchBytes: 1 })
    await ssc.start()
    await insert(table, 0, 100)
    await tick(3)
    expect(warnings.filter((warning) => warning.includes('holds back'))).toHaveLength(1)
  })

  test('changes that another reader of the slot took away are an error, not a gap', async () => {
    const { table, options } = await published('id int')
    const checkpointDir = on.newDirectory()
    const first = read(options, { checkpointDir })
    await first.ssc.start()
    await insert(table, 0, 10)
    await first.tick()
    await first.ssc.stop({ graceful: true })
    await insert(table, 10, 20)
    await on.client.query(`SELECT pg_replication_slot_advance('${options.slot}', pg_current_wal_flush_lsn())`)
    const second = read(options, { checkpointDir, clock: new ManualClock(first.clock.now() + 1500) })
    await expect(second.ssc.start()).rejects.toThrow(`slot '${options.slot}' of PostgreSQL`)
  })

  test('a slot that is dropped in the middle is an error that names it', async () => {
    const { options } = await published('id int')
    const { ssc, clock } = read(options)
    await ssc.start()
    await on.client.query(`SELECT pg_drop_replication_slot('${options.slot}')`)
    await clock.advance(1000)
    const error = await ssc.awaitTermination().catch((cause: MillraceError) => cause)
    expect(String((error as Error).message)).toContain(`Slot '${options.slot}' was dropped`)
  })

  test.each<[string, Partial<PostgresChangesOptions>, string]>([
    ['a publication that does not exist', { publication: 'nowhere' }, "There is no publication 'nowhere'"],
    ['a slot that must exist', { createSlot: false }, 'There is no slot'],
    [
      'a server that does not answer',
      { connection: 'postgres://u:hunter2@127.0.0.1:1/db' },
      '127.0.0.1:1/db cannot be reached',
    ],
    [
      'a database that does not exist',
      { connection: { host: '127.0.0.1', port: 0, database: 'nowhere', user: 'postgres' } },
      'cannot be reached',
    ],
  ])('the start refuses %s', async (_, wrong, text) => {
    const { options } = await published('id int')
    const { ssc } = read({ ...options, ...wrong })
    const error = (await ssc.start().catch((cause: unknown) => cause)) as Error
    expect(error.message).toContain(text)
    expect(`${error.message} ${error.stack}`).not.toContain('hunter2')
  })
})

test.each<[string, object, string]>([
  ['no slot', { connection: 'x', publication: 'p' }, 'slot'],
  ['a slot with capitals', { connection: 'x', slot: 'A', publication: 'p' }, 'slot'],
  ['no publication', { connection: 'x', slot: 's' }, 'publication'],
  ['no connection', { slot: 's', publication: 'p' }, 'connection'],
  ['a batch of no bytes', { connection: 'x', slot: 's', publication: 'p', maxBatchBytes: 0 }, 'maxBatchBytes'],
  ['an unknown option', { connection: 'x', slot: 's', publication: 'p', plugin: 'x' }, "no option 'plugin'"],
])('a source of changes with %s is refused', (_, options, text) => {
  expect(() => postgresChangesSource(options as PostgresChangesOptions)).toThrow(text)
})
