import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CallTimeoutError, Context, DataError, type MillraceError, SqlError, withEnv } from 'millrace'
import { type SqlOptions, sql } from 'millrace/sql'
import { afterAll, describe, expect, test } from 'vitest'
import { InternalNames } from '#build/sql/process/internal-names.js'

const ctx = new Context({ threads: 1, spare: false })
const directory = mkdtempSync(join(tmpdir(), 'millrace-sql-'))
afterAll(async () => {
  await ctx.stop()
  rmSync(directory, { recursive: true, force: true })
})

const run = (text: string, options?: SqlOptions) => ctx.range(0, 1000, 1, 1).sql(text, options).collect()
const refused = (text: string, options?: SqlOptions) =>
  run(text, options).then(
    (rows) => expect(rows).toBe('an error'),
    ({ cause }: MillraceError) => cause as SqlError,
  )

describe('a query has no access to', () => {
  const file = join(directory, 'new')
  test.each([
    ['files, by a function', "from read_text('/etc/passwd')"],
    ['files, by name', "from '/etc/passwd'"],
    ['files, by another reader', "from read_csv('/etc/passwd')"],
    ['directories', "from glob('/etc/*')"],
    ['the network', "from read_blob('http://127.0.0.1:1/')"],
    ['extensions', 'install httpfs'],
    ['loaded extensions', 'load httpfs'],
    ['databases', `attach '${file}' as other`],
    ['files to write', `copy (select 1) to '${file}'`],
    ['directories to write', `export database '${file}'`],
    ['settings', 'set enable_external_access = true'],
    ['settings that are locked', 'reset lock_configuration'],
    ['settings by PRAGMA', 'pragma threads = 8'],
    ['another statement, in a function', "from query('create table x (a int)')"],
    ['secrets', 'from duckdb_secrets()'],
    ['the environment', "select getenv('HOME')"],
  ])('%s', async (_name, text) => {
    expect(await refused(text)).toBeInstanceOf(SqlError)
    expect(existsSync(file)).toBe(false)
  })

  test('tables of queries before it', async () => {
    const other = ctx.parallelize([{ secret: 1 }], 1).sql('from batch')
    expect(await other.collect()).toEqual([{ secret: 1 }])
    const names = new InternalNames({ text: 'from batch', tables: [{ name: 'batch' }] })
    for (const name of [names.records(0), names.result]) {
      const text = `select value from batch where value < 2 union all (select count(*) from "${name}")`
      const rows = run(text).catch(({ cause }: MillraceError) => cause)
      expect(JSON.stringify(await rows)).not.toContain('secret')
    }
  })
})

describe('a record that another process cannot have', () => {
  const good = () => ctx.parallelize([{ n: 1 }, { n: 2 }], 1)
  test.each<[string, () => unknown, RegExp]>([
    ['a function', () => ({ f: () => 1 }), /^bad\[1\]\.f is a function, which SQL does not have/],
    ['a symbol', () => ({ f: [Symbol('s')] }), /^bad\[1\]\.f\[0\] is a symbol, which SQL does not have/],
  ])('%s fails its query, and leaves nothing to the next one', async (_name, record, message) => {
    const bad = ctx.range(0, 2, 1, 1).map(withEnv({ record }, (n) => (n === 1 ? record() : n)))
    const failed = sql('select 1 as x from good, bad', { good: good(), bad }).collect()
    const error = await failed.catch(({ cause }: MillraceError) => cause)
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toMatch(message)
    expect(await sql('select count(*) as n from good', { good: good() }).collect()).toEqual([{ n: 2 }])
  })
})

describe('a query is bounded', () => {
  const all = 'select a.value from batch a, batch b, batch c'
  test('in the memory of its result', async () => {
    const error = await refused(all, { memoryLimit: 16 * 2 ** 20 })
    expect(error).toMatchObject({ details: { kind: 'Out of Memory', final: true } })
    expect((error as SqlError).message).toMatch(/Aggregate or filter earlier, or raise memoryLimit\.$/)
  })

  test('in the memory of its operators', async () => {
    const text =
      'select sum(n) from (select a.value + 1000 * b.value + 1000000 * c.value as k, count(*) as n from batch a, batch b, batch c group by k)'
    expect(await refused(text, { memoryLimit: 16 * 2 ** 20 })).toMatchObject({ details: { kind: 'Out of Memory' } })
  })

  test('in the rows of its result', async () => {
    const error = await refused('from batch', { maxRows: 999 })
    expect(error).toMatchObject({ details: { rows: 1000, maxRows: 999, final: true } })
    expect(await run('from batch', { maxRows: 1000 })).toHaveLength(1000)
  })

  test('in time', async () => {
    expect(
      await refused('select count(*) from range(1000000000000) where range % 7 = 8', { timeout: '50ms' }),
    ).toBeInstanceOf(CallTimeoutError)
  })

  test('and cancelled with its job', async () => {
    const stop = new AbortController()
    ctx.on('taskStarted', () => setImmediate(() => stop.abort()))
    const job = ctx.withSignal(stop.signal, () => run('select count(*) from range(1000000000000) where range % 7 = 8'))
    await expect(job).rejects.toMatchObject({ code: 'ERR_MILLRACE_JOB_CANCELLED' })
  })

  test('and the thread runs the next one', async () => {
    expect(await run('select max(value) as last from batch')).toEqual([{ last: 999 }])
    expect(readdirSync(directory)).toEqual([])
  })
})
