import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamingOptions } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { eventually } from '../support/eventually.js'
import { replay, run } from './restart-program.mjs'

const root = mkdtempSync(join(tmpdir(), 'millrace-spark-restart-'))
const folder = join(root, 'text')
/** Where Spark writes files for the time of an application. */
const scratch = join(root, 'scratch')
const spark = { ...onSpark('local[2]', { 'spark.local.dir': scratch }), parallelism: 3 }
const threads = { threads: 2, parallelism: 3 }
const BATCHES = 8
const NAMES = ['totals', 'seen', 'window', 'inverse', 'sessions', 'joined', 'tumbling', 'late']
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Life {
  readonly options: Partial<StreamingOptions>
  readonly directory: string
  readonly file: string
  readonly from: number
  readonly until: number
}

/** Runs batches in this process. Resolves with the events of the restart. */
const live = async (life: Life) => (await run({ ...life, folder })) as { checkpointTime: number; lost: unknown[] }[]

/** Runs batches in a process of its own, which a SIGKILL ends in the middle of the last one. */
async function killed(life: Life): Promise<void> {
  const program = join(import.meta.dirname, 'restart-program.mjs')
  const child = spawn(process.execPath, [program, JSON.stringify({ ...life, folder })], { stdio: 'inherit' })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

/** Returns the records by output and batch. A batch that ran twice must have given the same. */
function outputsOf(file: string): Map<string, unknown> {
  const outputs = new Map<string, unknown>()
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [name, time, records] = JSON.parse(line)
    const known = outputs.get(`${name} ${time}`)
    if (known) expect(records).toEqual(known)
    outputs.set(`${name} ${time}`, records)
  }
  return outputs
}

function recordsOf(outputs: Map<string, unknown>, name: string): unknown[] {
  return [...outputs].flatMap(([key, records]) => (key.startsWith(`${name} `) ? (records as unknown[]) : []))
}

describe.runIf(hasService('spark'))('streams of a driver on Spark that is killed', () => {
  const directory = join(root, 'checkpoints')
  const file = join(root, 'outputs')
  let expected: Map<string, unknown>

  beforeAll(async () => {
    buildBridge()
    mkdirSync(folder)
    for (let i = 1; i <= BATCHES; i++) {
      const path = join(folder, `${i}.txt`)
      writeFileSync(path, `line ${i}\nword${i % 4} again\n`)
      utimesSync(path, i - 0.5, i - 0.5)
    }
    const life = { options: threads, directory: join(root, 'local'), file: join(root, 'expected') }
    await live({ ...life, from: 0, until: BATCHES })
    expected = outputsOf(life.file)
    expect(expected.size).toBe(9 * BATCHES)
    for (const name of NAMES) expect(recordsOf(expected, name)).not.toEqual([])
    await killed({ options: spark, directory, file, from: 0, until: 4 })
    // The JVM ends after its driver, with its own files and those of state.
    await eventually(() => expect(readdirSync(scratch)).toEqual([]))
    cpSync(directory, join(root, 'threads'), { recursive: true })
    cpSync(file, join(root, 'threads-outputs'))
  })

  test('resume on Spark with the totals of threads that were not killed', async () => {
    const [recovered] = await live({ options: spark, directory, file, from: 4, until: BATCHES })
    expect(recovered).toMatchObject({ lost: [] })
    expect(recovered!.checkpointTime).toBeGreaterThan(0)
    expect(outputsOf(file)).toEqual(expected)
  })

  test('resume in threads, whose batches run again on Spark with another parallelism', async () => {
    const life = { directory: join(root, 'threads'), file: join(root, 'threads-outputs'), options: threads }
    await live({ ...life, from: 4, until: BATCHES })
    expect(outputsOf(life.file)).toEqual(expected)
    const { checkpointTime, outputs } = await replay({ ...life, folder, options: { ...spark, parallelism: 4 } }, 6000)
    expect(checkpointTime).toBeLessThan(6000)
    expect(outputs.map(({ result }) => result)).toEqual(NAMES.map(() => 'same'))
  })
})
