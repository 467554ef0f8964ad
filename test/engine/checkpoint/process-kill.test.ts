import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CHECKPOINT_FAULT_POINTS } from '#build/pool/fault-points.js'
import { random } from '../support.js'
import { scratch } from './support.js'

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url))
const BATCHES = 10
const OUTPUTS = ['plain', 'update', 'mapped', 'inverse', 'window']
const POINTS = ['batch', ...CHECKPOINT_FAULT_POINTS]
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
    // Each kill interrupts one output at most: it had its line, and was not recorded as complete.
    expect(outputsOf(at).length - whole.length).toBeLessThanOrEqual(2)
  },
  60_000,
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
