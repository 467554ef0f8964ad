import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import { Context, type TaskFailedError } from 'millrace'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { random } from './support.js'

/** Booting threads that each test kills; 1,000 take minutes. */
const KILLS = Number(process.env.BOOT_KILLS ?? 40)
/** A boot that is killed, and the pause after it, take 0.1 to 1 s, depending on the machine. */
const TIMEOUT_MS = 300_000 + KILLS * 5000
/** From so many kills in a row on, tasks that wait for a thread fail. */
const MOST_IN_A_ROW = 1000
const SEED = Number(process.env.SEED ?? 1)

vi.setConfig({ testTimeout: TIMEOUT_MS })
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const OPEN_FILES = '/proc/self/fd'
/**
 * Pipes, sockets and event loops of this process. Not files: Node leaves those open that a thread was reading when it was
 * killed, up to all modules of the package at once.
 */
function openChannels(): number {
  if (!existsSync(OPEN_FILES)) return 0
  return readdirSync(OPEN_FILES).filter((name) => {
    try {
      return !readlinkSync(join(OPEN_FILES, name)).startsWith('/')
    } catch {
      // Closed meanwhile.
      return false
    }
  }).length
}

let ctx: Context
/** Threads that are still to be killed, and those that were chosen. */
let left = 0
let chosen = 0
let killed: WeakRef<Worker>[] = []
const draw = random(SEED)

/** Kills a booting thread: at once, when it runs, at its first message, or somewhere in between. */
function onWorker(worker: Worker): void {
  if (left === 0) return
  left--
  chosen++
  const kill = () => {
    killed.push(new WeakRef(worker))
    void worker.terminate()
  }
  const moment = Math.floor(draw() * 4)
  if (moment === 0) kill()
  else if (moment === 1) worker.once('online', kill)
  else if (moment === 2) worker.once('message', kill)
  else setTimeout(kill, draw() * 60)
}

beforeEach(async () => {
  killed = []
  left = 0
  chosen = 0
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  ctx = new Context({ threads: 2, logger: quiet })
  expect(await job()).toEqual(SUMS)
  await localEngineOf(ctx).pool!.whenStrong()
  process.on('worker', onWorker)
})
afterEach(async () => {
  process.off('worker', onWorker)
  await ctx.stop()
})

const SUMS = [0, 1, 2, 3, 4].map((key) => [key, (995 / 2 + key) * 200])
async function job(): Promise<[number, number][]> {
  const pairs = ctx.range(0, 1000, 1, 4).map((n): [number, number] => [n % 5, n])
  const sums = await pairs.reduceByKey((a, b) => a + b).collect()
  return sums.sort(([a], [b]) => a - b)
}

async function killAll(): Promise<void> {
  const pool = localEngineOf(ctx).pool!
  await Promise.all(pool.threads().map((thread) => pool.terminate(thread)))
}

/** Expects three ready threads that work, and nothing of those that were killed. */
async function expectRecovery(before: number): Promise<void> {
  left = 0
  await expect.poll(() => killed.length).toBe(chosen)
  const pool = localEngineOf(ctx).pool!
  await pool.whenStrong()
  expect(pool.threads().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
  for (const thread of pool.threads()) expect(await thread.control.ping()).toBe(thread.id)
  expect(await job()).toEqual(SUMS)
  await expect
    .poll(() => {
      collectGarbage()
      return killed.filter((worker) => worker.deref()).length
    })
    .toBe(0)
  await expect.poll(() => openChannels() - before).toBeLessThan(killed.length / 2)
}

test(`${KILLS} threads that boot are killed while another works: its jobs are right (SEED=${SEED})`, async () => {
  const before = openChannels()
  const pool = localEngineOf(ctx).pool!
  left = KILLS
  await pool.terminate(pool.ready()[1]!)
  while (left > 0) expect(await job()).toEqual(SUMS)
  await expectRecovery(before)
})

const inARow = Math.min(KILLS, MOST_IN_A_ROW - 1)
test(`${inARow} threads that boot are killed while no other is left: jobs wait for the next one (SEED=${SEED})`, async () => {
  const before = openChannels()
  left = inARow
  await killAll()
  expect(await job()).toEqual(SUMS)
  expect(left).toBe(0)
  await expectRecovery(before)
})

test.runIf(KILLS >= MOST_IN_A_ROW)('a thousand kills in a row fail the job that waits; the next one runs', async () => {
  const before = openChannels()
  left = MOST_IN_A_ROW + 50
  await killAll()
  const failed = await job().then(
    () => undefined,
    (error: TaskFailedError) => error,
  )
  expect(failed).toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED', cause: { code: 'ERR_MILLRACE_THREAD_LOST' } })
  await expectRecovery(before)
})
