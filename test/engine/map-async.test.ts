import { Context, type ContextOptions, withEnv } from 'millrace'
import { runBatches } from 'millrace/testing'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { lookupService } from '../support/lookup-service.js'

const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
function context(options: ContextOptions = {}): Context {
  const ctx = new Context({ threads: 1, spare: false, logger: quiet, ...options })
  open.push(ctx)
  return ctx
}

test('a call that rejects fails the task, which is retried with all of its calls', async () => {
  let failed = 0
  await using service = await lookupService((path, response) => {
    if (path === '2' && failed++ < 2) response.statusCode = 500
    response.end(path)
  })
  const ctx = context({ maxFailures: 3 })
  const retries: string[] = []
  ctx.on('taskRetried', ({ label, error }) => retries.push(`${label}: ${error.message}`))
  const answers = ctx.range(0, 4, 1, 1).mapAsync(
    withEnv({ url: service.url }, async (x) => {
      const response = await fetch(`${url}${x}`)
      if (!response.ok) throw new RangeError(`status ${response.status} for ${x}`)
      return Number(await response.text())
    }),
    { concurrency: 1 },
  )
  expect(await answers.collect()).toEqual([0, 1, 2, 3])
  expect(retries).toEqual(['mapAsync: status 500 for 2', 'mapAsync: status 500 for 2'])
  expect(service.asked.join('')).toBe('0120120123')
})

test('it fails the job after maxFailures, with what it rejected with as the cause', async () => {
  const ctx = context({ maxFailures: 2 })
  const failing = ctx.range(0, 2, 1, 1).mapAsync(async (x) => {
    if (x === 1) throw new RangeError('no such id')
    return x
  })
  await expect(failing.collect()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_TASK_FAILED',
    cause: { name: 'RangeError', message: 'no such id' },
    details: { operation: 'mapAsync', partition: 0, attempts: 2 },
  })
})

test('so does a function that throws before it awaits, and one that answers with no iterable', async () => {
  const ctx = context({ maxFailures: 1 })
  const thrown = ctx.range(1).mapAsync(() => {
    throw new RangeError('at once')
  })
  await expect(thrown.collect()).rejects.toMatchObject({ cause: { message: 'at once' } })
  const number = ctx.range(1).mapPartitionsAsync(async () => 3 as never)
  await expect(number.collect()).rejects.toMatchObject({ details: { operation: 'mapPartitionsAsync' } })
})

test('a call that takes longer than its timeout fails with an error that says so', async () => {
  const ctx = context({ maxFailures: 1 })
  const never = ctx.range(1).mapAsync(() => new Promise<never>(() => {}), { timeout: 20 })
  await expect(never.collect()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_TASK_FAILED',
    cause: {
      code: 'ERR_MILLRACE_CALL_TIMEOUT',
      name: 'CallTimeoutError',
      details: { operation: 'mapAsync', timeout: 20 },
    },
  })
})

test('calls that nobody waits for any more are told by their signals, also where they ask late', async () => {
  const ctx = context({ maxFailures: 2 })
  const told = ctx.range(0, 3, 1, 1).mapAsync(async (x, call) => {
    const kept = globalThis as { calls?: { signal: AbortSignal }[]; early?: AbortSignal }
    kept.calls ??= []
    // The second attempt returns the abort reasons that the calls of the first one received.
    if (kept.calls.length === 3) return x === 2 ? '' : String(kept.calls[x]!.signal.reason.message)
    kept.calls.push(call)
    if (x === 0) kept.early = call.signal
    if (x === 2) throw new Error('the third failed')
    return new Promise<string>(() => {})
  })
  expect(await told.collect()).toEqual(['the third failed', 'the third failed', ''])
})

test('what a call adds after its task has failed is added to no other task', async () => {
  const ctx = context({ maxFailures: 2 })
  const added = ctx.longAccumulator()
  const job = ctx.range(0, 2, 1, 1).mapAsync(
    withEnv({ added }, async (x) => {
      const kept = globalThis as { first?: () => void; late?: Promise<void> }
      if (x === 0 && !kept.first) {
        kept.late = new Promise((resolve) => {
          kept.first = resolve
        })
        await kept.late
        added.add(1000)
        return
      }
      if (!kept.late) throw new Error('not reached')
      if (x === 1 && !(globalThis as { failed?: boolean }).failed) {
        ;(globalThis as { failed?: boolean }).failed = true
        throw new Error('the first attempt fails')
      }
      kept.first!()
      await kept.late
      await new Promise((resolve) => setImmediate(resolve))
      added.add(1)
    }),
  )
  await job.count()
  expect(added.value).toBe(2)
})

test('a thread that dies while it awaits: the task runs elsewhere', async () => {
  let dead: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    dead = resolve
  })
  let first = true
  await using service = await lookupService((path, response) => {
    if (!first) response.end(path)
    if (first) dead!()
    first = false
  })
  const ctx = context({ threads: 2 })
  const answers = ctx
    .range(0, 3, 1, 1)
    .mapAsync(
      withEnv({ url: service.url }, async (x) => Number(await (await fetch(`${url}${x}`)).text())),
      {
        concurrency: 1,
      },
    )
    .collect()
  await asked
  const [busy] = localEngineOf(ctx)
    .pool!.ready()
    .filter((thread) => thread.inFlight > 0)
  await busy!.worker.terminate()
  expect(await answers).toEqual([0, 1, 2])
  expect(service.asked.join('')).toBe('0012')
})

test('taskTimeout: calls that come back are progress, one that never does is not', async () => {
  // The driver's time, in which it looks at its threads, passes while calls are out, and then only.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  await using service = await lookupService((path, response) => {
    vi.advanceTimersByTime(300)
    if (path === '5') vi.advanceTimersByTime(300)
    else response.end(path)
  })
  const ctx = context({ taskTimeout: 400, maxFailures: 1 })
  const answers = ctx.range(0, 7, 1, 1).mapAsync(
    withEnv({ url: service.url }, async (x) => Number(await (await fetch(`${url}${x}`)).text())),
    { concurrency: 1 },
  )
  await expect(answers.count()).rejects.toMatchObject({
    cause: { code: 'ERR_MILLRACE_TASK_TIMEOUT', reason: 'timeout' },
  })
  expect(service.asked.join('')).toBe('012345')
})

test('a thread that awaits answers control calls', async () => {
  let release: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    release = resolve
  })
  let answer: (() => void) | undefined
  await using service = await lookupService((path, response) => {
    answer = () => response.end(path)
    release!()
  })
  const ctx = context()
  const job = ctx
    .range(1)
    .mapAsync(withEnv({ url: service.url }, async (x) => await (await fetch(`${url}${x}`)).text()))
    .collect()
  await asked
  const [thread] = localEngineOf(ctx).pool!.ready()
  expect(await thread!.control.ping()).toBe(thread!.id)
  answer!()
  expect(await job).toEqual(['0'])
})

test('stop() while calls are out ends the job and the context', async () => {
  let ask: (() => void) | undefined
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  await using service = await lookupService(() => ask!())
  const ctx = context()
  const job = ctx.range(1).mapAsync(withEnv({ url: service.url }, async () => (await fetch(url)).status))
  const failed = expect(job.collect()).rejects.toMatchObject({ code: 'ERR_MILLRACE_JOB_CANCELLED' })
  await asked
  await ctx.stop()
  await failed
})

test('a stream with calls, a shuffle and state gives the same with threads killed', async () => {
  await using service = await lookupService((path, response) => response.end(`<${path}>`))
  const input = Array.from({ length: 5 }, (_, batch) => Array.from({ length: 20 }, (_, i) => (batch * 7 + i) % 5))
  const gather = (kill?: (batch: number) => number | undefined) =>
    runBatches(
      (_ssc, ids) => {
        const names = ids.mapAsync(withEnv({ url: service.url }, async (id) => (await fetch(`${url}${id}`)).text()))
        return names
          .map((name) => [name, 1] as [string, number])
          .updateStateByKey<number>((values, before) => values.reduce((a, b) => a + b, before ?? 0))
      },
      [input],
      { threads: 2, spare: true, kill, logger: quiet },
    )
  const shown = (batches: { records: unknown[] }[]) => batches.map(({ records }) => records.map(String).sort())
  const calm = shown(await gather())
  expect(calm.at(-1)).toEqual([0, 1, 2, 3, 4].map((id) => `<${id}>,20`))
  expect(shown(await gather((batch) => (batch % 3 === 0 ? 0 : 1)))).toEqual(calm)
})
