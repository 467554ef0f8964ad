import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, withEnv } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'

const TASKS = 16

function open(threads: number) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-recall-'))
  const ctx = new Context({ threads, logger: { debug() {}, info() {}, warn() {}, error() {} } })
  onTestFinished(async () => {
    await ctx.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return { ctx, folder }
}

/**
 * A job of a task for each number. Each leaves a file in the folder; number `last` waits for all others, and ends its
 * thread the first `deaths` times.
 */
function job(ctx: Context, folder: string, last: number, deaths = 0): Promise<number[]> {
  const numbers = Array.from({ length: TASKS }, (_, i) => i)
  return ctx
    .parallelize(numbers, TASKS)
    .map(
      withEnv({ folder, last, deaths, TASKS }, (n) => {
        const fs = process.getBuiltinModule('node:fs')
        if (n !== last) fs.writeFileSync(`${folder}/${n}`, '')
        else {
          const others = () => fs.readdirSync(folder).filter((name) => /^\d+$/.test(name)).length
          while (others() < TASKS - 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
          const died = fs.readdirSync(folder).filter((name) => name.startsWith('died')).length
          if (died < deaths) {
            fs.writeFileSync(`${folder}/died ${died}`, '')
            process.exit(3)
          }
        }
        return 10 * n
      }),
    )
    .collect()
}

const expected = Array.from({ length: TASKS }, (_, n) => 10 * n)

test.each([2, 3])('tasks behind one that waits for them run in another thread, of %i', async (threads) => {
  for (const last of [0, 1, TASKS - 1]) {
    const { ctx, folder } = open(threads)
    expect(await job(ctx, folder, last)).toEqual(expected)
    expect(readdirSync(folder)).toHaveLength(TASKS - 1)
  }
})

test('so do quick tasks that travelled in one message with it', async () => {
  const { ctx, folder } = open(2)
  // No task waits, so the program is known to be quick.
  for (let i = 0; i < 20; i++) await job(ctx, folder, -1)
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  for (const last of [0, 3, 8]) {
    expect(await job(ctx, folder, last)).toEqual(expected)
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
  }
})

test('the thread that ran it may die', async () => {
  const { ctx, folder } = open(2)
  expect(await job(ctx, folder, 0, 2)).toEqual(expected)
  expect(readdirSync(folder).filter((name) => name.startsWith('died'))).toHaveLength(2)
})

test('jobs that follow have all threads again', async () => {
  const { ctx, folder } = open(2)
  await job(ctx, folder, 0)
  const threads = new Set<number>()
  ctx.on('taskEnded', ({ thread }) => threads.add(thread))
  for (let i = 0; i < 10; i++) expect(await ctx.range(0, 100, 1, 8).count()).toBe(100)
  expect(threads.size).toBe(2)
})
