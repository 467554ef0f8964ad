import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import { millrace } from './command.js'

let root: string
let directory: string
const SMALL = ['--threads', '1']

/** A run of `millrace run --keep` over three files, one a batch. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  directory = join(root, 'checkpoints')
  for (const name of ['a', 'b', 'c']) writeFileSync(join(root, `${name}.txt`), `${name}\n${name}\n`)
  const command = millrace(
    ...[
      'run',
      'replayed.mjs',
      ...SMALL,
      '--batch-interval',
      '100ms',
      '--until',
      'caught-up',
      '--param',
      `folder=${root}`,
    ],
    ...['--checkpoint-dir', directory, '--keep', '1h', '--write-ahead-log'],
  )
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function replay(code: number, ...args: string[]) {
  const command = millrace('replay', directory, 'replayed.mjs', ...args)
  expect(await command.ended, command.stderr).toEqual({ code, signal: null })
  return command
}

test('lists the batches that can be replayed', async () => {
  const rows = (await replay(0, '--json')).objects()
  expect(rows.length).toBeGreaterThan(0)
  expect(rows[0]).toMatchObject({ digests: 1, received: 0, route: { batchInterval: 100 } })
  const { stdout } = await replay(0)
  expect(stdout).toContain(`${rows[0]!.time}`)
  expect(stdout).toContain('from checkpoint')
})

test('runs a batch again, and compares its outputs', async () => {
  const time = String((await replay(0, '--json')).objects().at(-1)!.time)
  const args = ['--batch', time, ...SMALL, '--param', `folder=${root}`]
  const [one] = (await replay(0, ...args, '--json')).objects()
  expect(one).toMatchObject({ time: Number(time), outputs: [{ label: 'foreachRDD', result: 'same' }] })
  const iso = new Date(Number(time)).toISOString()
  const shown = await replay(0, '--batch', iso, ...args.slice(2))
  expect(shown.stdout).toMatch(/foreachRDD\s+same/)
  expect(shown.stdout).toContain("[ 'a', 2 ]")
  expect(shown.stdout).not.toContain('ran for')
  expect((await replay(0, ...args, '--outputs')).stdout).toContain(`ran for ${time}`)
})

test('exits with 1 if an output differs, or the batch cannot be replayed', async () => {
  const time = String((await replay(0, '--json')).objects().at(-1)!.time)
  const { stdout } = await replay(1, '--batch', time, ...SMALL, '--param', `folder=${root}`, '--param', 'times=3')
  expect(stdout).toMatch(/foreachRDD\s+different/)
  expect((await replay(1, '--batch', '7')).stderr).toMatch(
    /Batch 7 ms .* cannot be replayed: its input is not recorded/,
  )
})

test('--inspect-brk waits for a debugger', async () => {
  const copy = join(root, 'copy')
  cpSync(directory, copy, { recursive: true })
  const time = String((await replay(0, '--json')).objects().at(-1)!.time)
  const command = millrace('replay', copy, 'replayed.mjs', '--batch', time, '--inspect-brk')
  await command.writes('stderr', 'Debugger listening')
  expect(command.stdout).toBe('')
})

test.each([
  [['replay'], 'takes a directory and a module, and got 0'],
  [['replay', 'x', '--batch', '1'], 'needs the module'],
  [['replay', 'x', 'y', '--batch', 'now'], "--batch is 'now'"],
  [['replay', 'x', 'y', 'z'], 'got 3 arguments'],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message)
})
