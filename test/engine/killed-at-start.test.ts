import type { Worker } from 'node:worker_threads'
import { Context } from 'millrace'
import { afterEach, expect, test } from 'vitest'

let ctx: Context | undefined
let listener: ((worker: Worker) => void) | undefined
afterEach(async () => {
  if (listener) process.off('worker', listener)
  await ctx?.stop()
})

function context(threads: number, onWorker: (worker: Worker, n: number) => void): Context {
  let n = 0
  listener = (worker) => onWorker(worker, ++n)
  process.on('worker', listener)
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  ctx = new Context({ threads, logger: quiet })
  return ctx
}

test.each([1, 8])(
  'start() survives threads that are killed while they boot: %i threads, each twice and more',
  async (threads) => {
    let killed = 0
    const starting = context(threads, (worker, n) => {
      if (n > 2 * threads + 8) return
      killed++
      if (n % 2) void worker.terminate()
      else worker.once('online', () => void worker.terminate())
    })
    await starting.start()
    expect(killed).toBe(2 * threads + 8)
    expect(await starting.range(10).count()).toBe(10)
  },
)

test('start() rejects where something kills every thread, in bounded time', async () => {
  const starting = context(2, (worker) => void worker.terminate())
  await expect(starting.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_THREAD_LOST', reason: 'terminated' })
})
