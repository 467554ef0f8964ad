import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { CHECKPOINT_FAULT_POINTS } from '#build/pool/fault-points.js'
import { random } from '../engine/support.js'
import { TestedProcess } from './process.js'

/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
/** Against a hang: processes start slowly on a busy machine. */
const TIMEOUT_MS = 300_000
const PROGRAM = fileURLToPath(new URL('./accumulators-program.mjs', import.meta.url))
const BATCHES = 12
const KILLS = 3
const OUTPUTS = ['plain', 'memory', 'state', 'window', 'slow', 'events']

const roots: string[] = []
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

/** Runs processes one after the other, each of which but the last dies where it is told, and returns the values at the end. */
async function valuesAfter(deaths: readonly object[], options: object): Promise<unknown> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-accumulators-'))
  roots.push(root)
  const places = { directory: join(root, 'checkpoints'), file: join(root, 'lines'), last: BATCHES, ...options }
  for (const death of deaths) {
    // Some points are not reached: then the process runs to the end, and the next one has nothing to do.
    await new TestedProcess(PROGRAM, { ...places, death }).isKilled()
  }
  expect(await new TestedProcess(PROGRAM, places).isKilled()).toBe(false)
  const lines = readFileSync(join(root, 'lines'), 'utf8').split('\n').filter(Boolean)
  return JSON.parse(lines.at(-1)!).values
}

let undisturbed: Promise<unknown> | undefined
const expected = () => (undisturbed ??= valuesAfter([], { checkpointInterval: '1s' }))

test.each(
  [1000, 2000, 5000].flatMap((checkpointInterval) => [false, true].map((log) => [checkpointInterval, log] as const)),
)(
  `accumulators with a name have each addition once, with a checkpoint every %i ms, write-ahead log %s (SEED=${seed})`,
  async (checkpointInterval, writeAheadLog) => {
    const draw = random(seed * 100_000 + checkpointInterval + Number(writeAheadLog))
    const below = (n: number) => Math.floor(draw() * n)
    const deaths = Array.from({ length: KILLS }, (_, i) => {
      if (draw() < 1 / 3)
        return { point: CHECKPOINT_FAULT_POINTS[below(CHECKPOINT_FAULT_POINTS.length)]!, nth: 1 + below(3) }
      return { output: OUTPUTS[below(OUTPUTS.length)]!, batch: 2 + 3 * i + below(3) }
    })
    expect(await valuesAfter(deaths, { checkpointInterval, writeAheadLog }), JSON.stringify(deaths)).toEqual(
      await expected(),
    )
  },
  TIMEOUT_MS,
)

test('without kills, each record counts once', async () => {
  const values = (await expected()) as Record<string, unknown>
  const sum = Array.from({ length: BATCHES }, (_, i) => 4 * (i + 1) + 6).reduce((a, b) => a + b)
  expect(values).toMatchObject({ 'plain mapped': sum, 'memory mapped': sum, 'state mapped': sum, 'window mapped': sum })
  expect(values).toMatchObject({
    'slow mapped': sum,
    'events mapped': sum,
    'plain acted': 4 * BATCHES,
    'memory acted': 4 * BATCHES,
  })
  expect((values.seen as number[]).length).toBe(4 * BATCHES)
})
