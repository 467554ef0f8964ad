import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './run.js'

const SLOW = 180_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-'))
})
afterAll(() => rm(folder, { recursive: true }))

const number = (out: string, label: string) =>
  Number(new RegExp(`^${label} +([\\d,]+)$`, 'm').exec(out)?.[1]?.replace(',', ''))

test('a short run counts every post although a thread dies', { timeout: SLOW }, async () => {
  await mkdir(path.join(folder, 'out', 'tags-1'), { recursive: true })
  await writeFile(path.join(folder, 'out', 'tags-1', 'part-00000'), 'left\n')
  const { code, out, err } = await run('demo.mjs', { args: ['--duration', '5s', '--rate', '500'], cwd: folder })
  expect(err).toBe('')
  expect(code).toBe(0)
  expect(out).toMatch(/^ 1 {2}#news +\d+ {2}█{40}$/m)
  expect(out).toMatch(/^-- the thread in slot 0 is terminated on purpose --$/m)
  expect(out).toMatch(/^-- thread \d+ lost; recovered, the batch complete after \d+ ms --$/m)
  expect(number(out, 'posts sent')).toBeGreaterThan(1000)
  expect(number(out, 'posts processed')).toBe(number(out, 'posts sent'))
  expect(number(out, 'threads lost')).toBe(1)
  expect(out).toMatch(/^OK: every post was counted once/m)
  // What an earlier run left is gone; each batch has a directory of its own.
  const saved = await readdir(path.join(folder, 'out'))
  expect(saved).not.toContain('tags-1')
  expect(saved.length).toBeGreaterThanOrEqual(number(out, 'batches'))
})

test('other intervals and one thread', { timeout: SLOW }, async () => {
  const args = ['--duration', '3s', '--rate', '300', '--threads', '1', '--batch-interval', '300ms']
  const { code, out } = await run('demo.mjs', { args, cwd: folder })
  expect(code).toBe(0)
  // Results come every 1.2 s, batches four times as often.
  expect(number(out, 'batches')).toBeGreaterThanOrEqual(4 * (out.match(/posts so far/g)!.length - 1))
})

test('an interrupt ends it in an orderly way', { timeout: SLOW }, async () => {
  const args = ['--duration', '60s', '--rate', '200']
  const { code, out, err } = await run('demo.mjs', { args, cwd: folder, interruptAt: /posts so far/ })
  expect(err).toBe('')
  expect(code).toBe(130)
  expect(out).toMatch(/\nInterrupted: all received posts were processed; nothing was compared\.\n$/)
})

test.each([
  ['--duration', 'long', '--duration: "long" is not a duration: write a number with ms, s, m or h, such as 20s.'],
  ['--batch-interval', '700ms', '--batch-interval: 700 ms does not divide the window of 10 minutes: use 200ms, '],
  ['--batch-interval', '0s', '--batch-interval: 0 ms does not divide the window of 10 minutes: use 200ms, '],
])('%s %s is explained', async (...[flag, value, message]) => {
  const { code, err } = await run('demo.mjs', { args: [flag, value] })
  expect(code).toBe(2)
  expect(err.startsWith(message)).toBe(true)
})
