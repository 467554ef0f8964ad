import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { CHECKPOINT_FAULT_POINTS } from '#build/pool/fault-points.js'
import { CASES, casesOf } from '../conformance/conformance.mjs'
import { judgeStream, withoutRepeated } from '../conformance/run-stream.mjs'
import { drawn } from '../conformance/values.mjs'
import { TestedProcess } from './process.js'

/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
/** Against a hang: processes start slowly on a busy machine. */
const TIMEOUT_MS = 300_000
const PROGRAM = fileURLToPath(new URL('./case-program.mjs', import.meta.url))
const { cases, close } = casesOf(CASES)
const restarted = cases.filter(({ given }) => given.recovery)
afterAll(close)

type Line = readonly [name: string, time: number, records: readonly unknown[]]

/**
 * Where the first process of a case dies: in an output of the batch before the restart, inside a checkpoint, or after that batch at
 * the latest.
 */
function deathOf(id: string, checkpoints: number): { output: string } | { point: string; nth: number } | undefined {
  const kind = drawn(seed, `${id} kind`, 3)
  if (kind === 0) return { output: drawn(seed, `${id} output`, 2) === 0 ? 'output' : 'sizes' }
  if (kind === 1) return undefined
  const point = CHECKPOINT_FAULT_POINTS[drawn(seed, `${id} point`, CHECKPOINT_FAULT_POINTS.length)]!
  return { point, nth: 1 + drawn(seed, `${id} nth`, checkpoints) }
}

test.each(restarted)(
  `$id, with a process that is killed, and one that follows (SEED=${seed})`,
  async ({ id, given }) => {
    const root = mkdtempSync(join(tmpdir(), 'millrace-cases-'))
    try {
      const file = join(root, 'outputs')
      writeFileSync(file, '')
      const { batchesBeforeRestart } = given.recovery!
      const checkpointEvery = 1 + drawn(seed, `${id} interval`, 3)
      const threads = 1 + drawn(seed, `${id} threads`, 2)
      const options = { directory: join(root, 'checkpoints'), file, given, threads, checkpointEvery }
      const death = deathOf(id, Math.max(1, Math.floor(batchesBeforeRestart / checkpointEvery)))
      const first = { ...options, last: batchesBeforeRestart, isKilled: true, death }
      expect(await new TestedProcess(PROGRAM, first).isKilled()).toBe(true)
      expect(await new TestedProcess(PROGRAM, { ...options, last: given.runBatches }).isKilled()).toBe(false)

      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
      const outputs: Record<string, { time: number; records: readonly unknown[] }[]> = { output: [] }
      for (const line of lines) {
        const [name, time, records] = JSON.parse(line) as Line
        if (name !== 'tick') (outputs[name] ??= []).push({ time, records })
      }
      const once = withoutRepeated(outputs)
      // One kill interrupts one output at most: it had its line, and did not count as completed.
      const count = (of: object) => Object.values(of).flat().length
      expect(count(outputs) - count(once)).toBeLessThanOrEqual(1)
      judgeStream(given, once)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
  TIMEOUT_MS,
)

test('there are cases that restart', () => {
  expect(restarted.length).toBeGreaterThanOrEqual(20)
})
