import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, readState, StreamingContext } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import { millrace } from './command.js'

let root: string
let directory: string

/** Three batches, with a checkpoint of each. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'millrace-offline-'))
  directory = join(root, 'checkpoints')
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock, checkpointDir: directory })
  const words = ssc.pushStream<string>('words')
  words
    .map((word): [string, number] => [word, 1])
    .updateStateByKey((values: number[], sum: number | undefined) => {
      const total = values.reduce((a, b) => a + b, sum ?? 0)
      return total < 3 ? total : undefined
    })
    .uid('totals')
    .foreachRDD(() => {})
  words.uid('words')
  await ssc.start()
  for (const batch of [
    ['a', 'b'],
    ['a', 'c'],
    ['a', 'd', 'd'],
  ]) {
    await words.pushAll(batch)
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  await ssc.stop()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function output(...args: string[]) {
  const command = millrace('checkpoint', ...args)
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
  return { text: command.stdout, rows: args.includes('--json') ? command.objects() : [] }
}

async function entries(uid: string, options?: Parameters<typeof readState>[2], at = directory) {
  const found: [unknown, unknown][] = []
  for await (const entry of readState(at, uid, options)) found.push(entry)
  return found.sort()
}

describe('readState', () => {
  test('yields the state of the newest checkpoint, or of that of a batch', async () => {
    expect(await entries('totals')).toEqual([
      ['b', 1],
      ['c', 1],
      ['d', 2],
    ])
    expect(await entries('totals', { at: 2000 })).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ])
  })

  test('writes nothing into the directory', async () => {
    const before = readdirSync(directory)
    expect(await entries('totals')).toHaveLength(3)
    expect(readdirSync(directory)).toEqual(before)
  })

  test('names what there is instead', async () => {
    await expect(entries('sums')).rejects.toThrow(/uid "sums".*keyed state of "totals"/)
    await expect(entries('totals', { at: 7 })).rejects.toThrow(
      /no complete checkpoint of batch 7 ms.*3000, 2000, 1000, 0/,
    )
    await expect(entries('totals', {}, join(root, 'none'))).rejects.toThrow(/no complete checkpoint.*none/)
  })
})

test('ls lists the checkpoints, the newest first', async () => {
  const { rows } = await output('ls', directory, '--json')
  expect(rows.map(({ time, ended }) => [time, ended])).toEqual([
    [3000, false],
    [2000, false],
    [1000, false],
    [0, false],
  ])
  const { text } = await output('ls', directory)
  expect(text).toContain('1970-01-01T00:00:03.000Z')
  expect(text.trim().split('\n')).toHaveLength(5)
})

test('show describes the operations, and lists entries', async () => {
  const { rows } = await output('show', directory, '--json')
  expect(rows).toMatchObject([{ time: 3000, batchInterval: 1000, ended: false }])
  expect((rows[0]!.operations as { uid: string; keys: number }[]).find(({ uid }) => uid === 'totals')).toMatchObject({
    partitions: 2,
    keys: 3,
  })
  const shown = await output('show', directory, '--at', '1000', '--uid', 'totals', '--json')
  expect(shown.rows.map(({ key, state }) => [key, state]).sort()).toEqual([
    ['a', 1],
    ['b', 1],
  ])
  expect((await output('show', directory)).text).toContain('totals')
})

test('diff counts and lists the keys that differ', async () => {
  const { rows } = await output('diff', directory, '--uid', 'totals', '--json')
  expect(rows).toMatchObject([{ from: 2000, to: 3000, uid: 'totals', added: 1, removed: 1, changed: 0, same: 2 }])
  expect(rows[0]!.changes).toEqual(
    expect.arrayContaining([
      { key: 'd', after: 2 },
      { key: 'a', before: 2 },
    ]),
  )
  expect((await output('diff', directory, '--from', '0', '--to', '2000')).text).toMatch(/totals\s+3\s+0\s+0\s+0/)
})

test('verify finds damage, which exits with 1; ls does not read so far', async () => {
  const at = join(root, 'damaged')
  cpSync(directory, at, { recursive: true })
  expect((await output('verify', at)).text).not.toContain('damaged')
  const newest = readdirSync(at).find((name) => name.startsWith('state-3000-'))!
  truncateSync(join(at, newest), 3)
  await output('ls', at)
  const verify = millrace('checkpoint', 'verify', at)
  expect(await verify.ended).toEqual({ code: 1, signal: null })
  expect(verify.stdout).toContain(`${newest} is damaged`)
  expect(await entries('totals', {}, at)).toEqual(await entries('totals', { at: 2000 }))
})

test.each([
  [['checkpoint'], 'an action is missing'],
  [['checkpoint', 'list', 'x'], "no action 'list'"],
  [['checkpoint', 'ls'], 'takes one directory'],
  [['checkpoint', 'ls', 'x', '--at', '1'], 'does not take --at'],
  [['checkpoint', 'show', 'x', '--at', 'now'], "--at is 'now'"],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(args)).toThrow(message)
})
