import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { claim, offer, recall, reopen } from '#build/pool/claims.js'
import { newThreadStatus } from '#build/pool/thread-status.js'

test('a task is claimed once it is offered, until it is recalled', () => {
  const status = newThreadStatus()
  offer(status, 3)
  expect(claim(status)).toBe(true)
  expect(recall(status)).toBe(2)
  expect([claim(status), claim(status)]).toEqual([false, false])
  reopen(status)
  offer(status, 1)
  expect(claim(status)).toBe(true)
  expect(recall(status)).toBe(0)
})

test('a second recall finds nothing more', () => {
  const status = newThreadStatus()
  offer(status, 2)
  recall(status)
  claim(status)
  claim(status)
  expect(recall(status)).toBe(0)
})

/** Claims `tasks` tasks as fast as it can, round after round, and counts those that it may run. */
const CLAIMER = `
  const { parentPort, workerData: { status, url } } = require('node:worker_threads')
  import(url).then(({ claim }) => {
    parentPort.on('message', (tasks) => {
      let ran = 0
      for (let i = 0; i < tasks; i++) if (claim(status)) ran++
      parentPort.postMessage(ran)
    })
    parentPort.postMessage('ready')
  })`

test('of the tasks that a thread claims meanwhile, each is either run or recalled', async () => {
  const status = newThreadStatus()
  const url = new URL('../../build/pool/claims.js', import.meta.url).href
  const worker = new Worker(CLAIMER, { eval: true, workerData: { status, url } })
  await once(worker, 'message')
  const seen = new Set<string>()
  for (let round = 0; round < 200; round++) {
    const tasks = 20_000
    offer(status, tasks)
    const answered = once(worker, 'message')
    worker.postMessage(tasks)
    // A different moment each round, also while the thread claims.
    for (const until = performance.now() + (round % 20) / 10; performance.now() < until; );
    const recalled = recall(status)
    const [ran] = (await answered) as [number]
    expect(ran + recalled).toBe(tasks)
    seen.add(recalled === 0 ? 'none' : recalled === tasks ? 'all' : 'some')
    reopen(status)
  }
  await worker.terminate()
  expect(seen.size, 'recalls landed at different moments').toBeGreaterThan(1)
})
