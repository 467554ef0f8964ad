import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { IdleTimer } from '#build/sources/idle-timer.js'

const NEVER = new AbortController().signal

/** Answers `port` at once, and counts its answers where a blocked thread can see them. */
const ANSWERS = `
  const { workerData: { port, answers } } = require('node:worker_threads')
  port.on('message', () => {
    port.postMessage('data')
    Atomics.add(answers, 0, 1)
    Atomics.notify(answers, 0)
  })
`

test('a blocked event loop: data that waits when the time runs out counts as heard', async () => {
  const { port1, port2 } = new MessageChannel()
  const answers = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(ANSWERS, { eval: true, workerData: { port: port2, answers }, transferList: [port2] })
  onTestFinished(async () => void (await worker.terminate()))
  await once(worker, 'online')
  const idle = new IdleTimer(20, NEVER)
  const heard = once(
    port1.on('message', () => idle.touch()),
    'message',
  )
  port1.postMessage('ask')
  // The answer is there, then the time passes, then the loop turns.
  Atomics.wait(answers, 0, 0)
  Atomics.wait(answers, 0, 1, 40)
  await heard
  expect(idle.expired).toBe(false)
  // Nothing more arrives.
  await once(idle.signal, 'abort')
  expect(idle.expired).toBe(true)
  idle.end()
})

test.each([
  ['a pause', (idle: IdleTimer) => idle.pause()],
  ['the end', (idle: IdleTimer) => idle.end()],
])('%s between the time and its effect: nothing is aborted', async (_, stop) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const idle = new IdleTimer(1, NEVER)
  vi.advanceTimersByTime(1)
  stop(idle)
  await new Promise((resolve) => setImmediate(resolve))
  expect(idle.expired).toBe(false)
})
