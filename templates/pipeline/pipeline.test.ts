import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DStream } from 'millrace'
import { runBatches } from 'millrace/testing'
import { type Visit, visitsPerPage } from './pipeline.js'

const visit = (page: string): Visit => ({ page, ms: 10 })

test('counts the visits of each page in a window', async () => {
  // One list a batch of one second. The clock is manual, so the test does not wait.
  const batches = [[visit('/'), visit('/docs')], [visit('/')]]
  const [first, second] = await runBatches((_ssc, visits: DStream<Visit>) => visitsPerPage(visits), [batches])
  assert.deepEqual(
    new Map(first?.records),
    new Map([
      ['/', 1],
      ['/docs', 1],
    ]),
  )
  assert.deepEqual(
    new Map(second?.records),
    new Map([
      ['/', 2],
      ['/docs', 1],
    ]),
  )
})

test('counts the same when a thread dies', async () => {
  const batches = [[visit('/'), visit('/docs')], [visit('/')]]
  const build = (_ssc: unknown, visits: DStream<Visit>) => visitsPerPage(visits)
  const [, second] = await runBatches(build, [batches], { threads: 2, kill: (batch) => (batch === 2 ? 0 : undefined) })
  assert.deepEqual(
    new Map(second?.records),
    new Map([
      ['/', 2],
      ['/docs', 1],
    ]),
  )
})
