import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Context, type DStream, type MillraceError, SqlError } from 'millrace'
import { sql } from 'millrace/sql'
import { runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { duckdbProcesses } from '../support/duckdb-processes.js'
import { eventually } from '../support/eventually.js'

test('a thread that is killed in a query leaves the process and later queries unharmed', async () => {
  const program = fileURLToPath(new URL('../fixtures/sql/kills.mjs', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program])
  expect(stderr).toBe('')
  expect(stdout).toBe('ERR_MILLRACE_JOB_CANCELLED\n[{"sum":6}]\nno process left\n')
})

test('rows are the same, in the same order, whichever threads die', async () => {
  const words = Array.from({ length: 6 }, (_, batch) =>
    Array.from({ length: 3000 }, (_, i) => `w${(i * 7919 + batch * 31) % 97}`),
  )
  const run = (kill?: (batch: number) => number) =>
    runBatches(
      (_ssc, batch: DStream<string>) =>
        sql('select value, count(*) as n, string_agg(value) as all from batch group by value', { batch }),
      [words],
      { threads: 2, partitions: 4, ...(kill && { kill }) },
    )
  const undisturbed = await run()
  expect(undisturbed).toHaveLength(6)
  expect(undisturbed[0]!.records).toHaveLength(97)
  expect(await run((batch) => batch % 2)).toEqual(undisturbed)
})

test('a process of DuckDB that the system kills fails its attempt, and the next query has another', async () => {
  await using ctx = new Context({ threads: 1, spare: false, maxFailures: 2 })
  const batch = ctx.parallelize([1, 2, 3], 1)
  const job = sql('select count(*) from batch, range(1000000000000) where range % 7 = 8', { batch }).collect()
  let ended = false
  const failure = job.then(
    () => undefined,
    (error: MillraceError) => {
      ended = true
      return error.cause
    },
  )
  await eventually(async () => {
    for (const pid of await duckdbProcesses()) process.kill(pid, 'SIGKILL')
    expect(ended).toBe(true)
  })
  expect(await failure).toBeInstanceOf(SqlError)
  expect((await failure) as SqlError).toMatchObject({ details: { kind: 'Process' } })
  expect(await sql('select sum(value) as sum from batch', { batch }).collect()).toEqual([{ sum: 6 }])
})
