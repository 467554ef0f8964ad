import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CHECKPOINT_FAULT_POINTS, OUTPUT_FAULT_POINTS, TAKE_OVER_FAULT_POINTS } from '#build/pool/fault-points.js'
import { random } from '../support.js'
import { scratch } from './support.js'

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url))
const BATCHES = 10
/** Against a hang: processes start slowly on a busy machine. */
const TIMEOUT_MS = 300_000
const OUTPUTS = ['plain', 'update', 'mapped', 'inverse', 'window']
const POINTS = ['batch', ...CHECKPOINT_FAULT_POINTS, ...OUTPUT_FAULT_POINTS]
/** SEED tries other moments; it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? 1)
const { directory } = scratch()

interface Options {
  readonly threads: number
  readonly interval: number
}

/** Answers with what ended the process. */
async function run(at: string, { threads, interval }: Options, fault: readonly (string | number)[] = []) {
  const args = [CHILD, join(at, 'checkpoints'), join(at, 'outputs'), threads, BATCHES, interval, ...fault].map(String)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] })
  const errors: Buffer[] = []
  child.stderr.on('data', (data: Buffer) => errors.push(data))
  const [code, signal] = await once(child, 'close')
  expect(code === 0 || signal === 'SIGKILL', Buffer.concat(errors).toString()).toBe(true)
  return signal as string | null
}

type Line = readonly [name: string, time: number, records: readonly string[]]
const outputsOf = (at: string): Line[] =>
  readFileSync(join(at, 'outputs'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

let undisturbed: Promise<Line[]> | undefined
function expected(): Promise<Line[]> {
  const at = directory()
  undisturbed ??= run(at, { threads: 1, interval: 1000 }).then(() => outputsOf(at))
  return undisturbed
}

/** Each process produces a row of batches without a gap, which starts where the previous one ended, or earlier. */
function check(lines: readonly Line[], whole: readonly Line[]): void {
  for (const name of OUTPUTS) {
    const mine = lines.filter((line) => line[0] === name)
    const all = whole.filter((line) => line[0] === name)
    expect(all.length).toBeGreaterThan(3)
    let next = 0
    for (const line of mine) {
      const at = all.findIndex(([, time]) => time === line[1])
      expect(line).toEqual(all[at])
      expect(at, `${name} at ${line[1]}`).toBeLessThanOrEqual(next)
      next = at + 1
    }
    expect(next, `all batches of ${name}`).toBe(all.length)
  }
}

/** The files of every batch are there, complete, and nothing else is. */
function checkSaved(at: string, whole: readonly Line[]): void {
  const directory = join(at, 'outputs-saved')
  const plain = whole.filter(([name]) => name === 'plain')
  expect(readdirSync(directory).sort()).toEqual(plain.map(([, time]) => `batch-${time}`).sort())
  for (const [, time, records] of plain) {
    const saved = join(directory, `batch-${time}`)
    expect(existsSync(join(saved, '_SUCCESS')), saved).toBe(true)
    const parts = readdirSync(saved).filter((name) => name.startsWith('part-'))
    const lines = parts.flatMap((name) => readFileSync(join(saved, name), 'utf8').split('\n').filter(Boolean))
    expect(lines.map((line) => JSON.stringify(line)).sort()).toEqual(records)
  }
}

test.each(POINTS)(
  `killed at %s, and killed again: the batches are those of one process (SEED=${seed})`,
  async (point) => {
    const whole = await expected()
    const at = directory()
    const draw = random(seed + POINTS.indexOf(point))
    const options = { threads: 1 + Math.floor(draw() * 2), interval: 1000 * (1 + Math.floor(draw() * 2)) }
    // Of ten batches, with a checkpoint every one or two of them.
    const first = 2 + Math.floor(draw() * 3)
    expect(await run(at, options, [point, first])).toBe('SIGKILL')
    const killedAt = Math.max(...outputsOf(at).map(([, time]) => time))
    expect(await run(at, options, [point, point === 'batch' ? killedAt / 1000 + 2 : 2])).toBe('SIGKILL')
    expect(await run(at, options)).toBeNull()
    check(outputsOf(at), whole)
    checkSaved(at, whole)
    // Each kill interrupts one output at most: it had its line, and was not recorded as complete.
    expect(outputsOf(at).length - whole.length).toBeLessThanOrEqual(2)
  },
  TIMEOUT_MS,
)

test.each(TAKE_OVER_FAULT_POINTS)(
  `killed in the middle of a take-over, at %s, twice: the batches are those of one process (SEED=${seed})`,
  async (point) => {
    const whole = await expected()
    const at = directory()
    const options = { threads: 1, interval: 1000 }
    expect(await run(at, options, ['batch', 5])).toBe('SIGKILL')
    const before = outputsOf(at).length
    expect(await run(at, options, [point, 1])).toBe('SIGKILL')
    expect(await run(at, options, [point, 1])).toBe('SIGKILL')
    expect(outputsOf(at).length).toBe(before)
    expect(await run(at, options)).toBeNull()
    check(outputsOf(at), whole)
    checkSaved(at, whole)
  },
  TIMEOUT_MS,
)

test('the comparison finds a gap, and a batch that differs', async () => {
  const whole = await expected()
  expect(() => check(whole, whole)).not.toThrow()
  expect(() =>
    check(
      whole.filter(([, time]) => time !== 4000),
      whole,
    ),
  ).toThrow()
  expect(() =>
    check(
      whole.map(([name, time, records], i) => [name, time, i === 20 ? [] : records]),
      whole,
    ),
  ).toThrow()
})
