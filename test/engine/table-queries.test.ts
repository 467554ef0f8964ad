import { expect, onTestFinished, test, vi } from 'vitest'
import { RunningTables } from '#build/engine/streaming/running-tables.js'
import { provideQueries } from '#build/engine/streaming/table-queries.js'
import { eventually } from '../support/eventually.js'

/** Signals by the ms of their timeout, which the test aborts. */
function timeouts(): Map<number, AbortController> {
  const started = new Map<number, AbortController>()
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController()
    started.set(ms, controller)
    return controller.signal
  })
  onTestFinished(() => timeout.mockRestore())
  return started
}

const graph = { streams: [], uids: new Map(), outputNames: new Set<string>(), frozen: true }
const tables = () => new RunningTables({} as never, graph as never, {} as never)
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('the ten seconds of a query begin when its database has started', async () => {
  const running = timeouts()
  let started = () => {}
  let closed = 0
  provideQueries(async () => async () => {
    await new Promise<void>((resolve) => {
      started = resolve
    })
    return { run: (_, signal) => aborted(signal), close: () => closed++ }
  })
  const answer = tables().query('select 1')
  await eventually(() => expect(running.has(60_000)).toBe(true))
  expect([...running.keys()]).toEqual([60_000])
  started()
  await eventually(() => expect(running.has(10_000)).toBe(true))
  expect(closed).toBe(0)
  running.get(10_000)!.abort()
  await expect(answer).rejects.toThrow('Reading the tables took longer than 10000 ms')
  expect(closed).toBe(1)
})

test('a database that does not start ends its query after a minute', async () => {
  const running = timeouts()
  provideQueries(async () => (_, signal) => aborted(signal))
  const answer = tables().query('select 1')
  await eventually(() => expect(running.has(60_000)).toBe(true))
  running.get(60_000)!.abort()
  await expect(answer).rejects.toMatchObject({
    code: 'ERR_MILLRACE_CALL_TIMEOUT',
    message: expect.stringContaining('Starting the process of DuckDB took longer than 60000 ms'),
  })
})
