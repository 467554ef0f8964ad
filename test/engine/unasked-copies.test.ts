import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pure, type StreamingOptions, withEnv } from 'millrace'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-copies-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Calls in a thread, of a function that hides what it does from a search of its text. */
async function callsOf(options: Partial<StreamingOptions>, declare: <F extends (n: number) => number>(fn: F) => F) {
  const log = join(folder, 'log')
  const { ssc } = manual({ threads: 1, maxFailures: 1, ...options })
  ssc
    .queueStream([[1], [2], [3]])
    .map(
      declare(
        withEnv({ log }, (n: number) => {
          const load = process[('getBuiltin' + 'Module') as 'getBuiltinModule']
          load('node:fs').appendFileSync(log, `${n}\n`)
          return n
        }),
      ),
    )
    .output('same')
  // Proven functions are warmed up meanwhile.
  ssc
    .queueStream([[1], [2], [3]])
    .map((n) => n + 1)
    .output('next')
  await ssc.start()
  const same = gather<number>(ssc, 'same')
  const next = gather<number>(ssc, 'next')
  const pool = localEngineOf(ssc).pool!
  await pool.whenStrong()
  const warm = new Promise<void>((resolve) => ssc.on('threadWarmedUp', () => resolve()))
  await run(ssc, 2)
  if (options.warmUp !== false) await warm
  await run(ssc, 1)
  await ssc.stop()
  expect((await same).map(({ records }) => records)).toEqual([[1], [2], [3]])
  expect((await next).map(({ records }) => records)).toEqual([[2], [3], [4]])
  return readFileSync(log, 'utf8').trim().split('\n').length
}
const asItIs = <F>(fn: F): F => fn

test('no function that writes runs more often than batches ask for', async () => {
  expect(await callsOf({}, asItIs)).toBe(3)
})

test('one that is declared pure runs for warm-up, and so does any with warmUp: all', async () => {
  expect(await callsOf({}, pure)).toBe(3 + 8)
  rmSync(join(folder, 'log'))
  expect(await callsOf({ warmUp: 'all' }, asItIs)).toBe(3 + 8)
  rmSync(join(folder, 'log'))
  expect(await callsOf({ warmUp: false }, asItIs)).toBe(3)
})
