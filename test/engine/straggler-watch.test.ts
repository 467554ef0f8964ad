import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StragglerWatch } from '#build/engine/straggler-watch.js'
import type { Attempt } from '#build/engine/task.js'
import type { PoolThread } from '#build/pool/pool-thread.js'
import { newVitals, PROGRESS } from '#build/pool/vitals.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const TIMEOUT = 400

/** A watch over one thread, which runs one task and tells of progress when the test says so. */
function watched() {
  const thread = { state: 'ready', vitals: newVitals() } as PoolThread
  const attempt = {} as Attempt
  const running = new Map<PoolThread, readonly Attempt[]>([[thread, [attempt]]])
  const terminated: PoolThread[] = []
  const watch = new StragglerWatch({
    running,
    taskTimeoutMs: TIMEOUT,
    speculation: undefined,
    terminate: (victim) => terminated.push(victim),
    copy: () => {},
  })
  watch.start()
  return { thread, running, terminated, progress: () => void thread.vitals[PROGRESS]!++ }
}

test('a task without progress for the timeout costs its thread, and not before', () => {
  const { thread, terminated } = watched()
  vi.advanceTimersByTime(TIMEOUT)
  expect(terminated).toEqual([])
  vi.advanceTimersByTime(TIMEOUT)
  expect(terminated[0]).toBe(thread)
})

test('a task that gets on is left alone, however long it takes', () => {
  const { terminated, progress } = watched()
  for (let i = 0; i < 50; i++) {
    vi.advanceTimersByTime(TIMEOUT - 100)
    progress()
  }
  expect(terminated).toEqual([])
})

test('time in which the process itself stood still is no standstill of its tasks', () => {
  const { terminated, progress } = watched()
  vi.advanceTimersByTime(TIMEOUT / 2)
  // A process that was stopped, as by SIGSTOP: the clock moves on, and nothing else does.
  const now = performance.now.bind(performance)
  const stopped = vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000)
  vi.advanceTimersByTime(100)
  expect(terminated).toEqual([])
  progress()
  vi.advanceTimersByTime(TIMEOUT)
  expect(terminated).toEqual([])
  // It is watched as before.
  vi.advanceTimersByTime(TIMEOUT)
  expect(terminated.length).toBeGreaterThan(0)
  stopped.mockRestore()
})

test('it looks no more once nothing runs', () => {
  const { thread, running, terminated } = watched()
  vi.advanceTimersByTime(100)
  running.delete(thread)
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
  expect(terminated).toEqual([])
})
