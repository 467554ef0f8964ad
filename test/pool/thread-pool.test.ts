import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ArgumentError, StateError, ThreadLostError } from '#build/errors.js'
import type { TaskMessage } from '#build/pool/protocol.js'
import { ThreadPool } from '#build/pool/thread-pool.js'
import { serve } from '#build/pool/worker/runtime/serve.js'
import { entered, inProcess, newGate, open, openPool, rejection, run } from './helpers.js'

describe('tasks', () => {
  test('run on the thread they are given to', async () => {
    const pool = await openPool({ threads: 3 })
    const threads = pool.ready()
    expect(threads.map((thread) => thread.slot)).toEqual([0, 1, 2])
    for (const thread of [...threads, ...threads].reverse()) {
      expect(await run(pool, thread, 'echo', { value: thread.id })).toMatchObject({ ok: true, value: thread.id })
    }
  })

  test('wait for their own thread while others are idle', async () => {
    const pool = await openPool({ threads: 2 })
    const [first, second] = pool.ready()
    const gate = newGate()
    const parked = run(pool, first!, 'park', { gate })
    const waiting = run(pool, first!, 'echo', { value: 'waited' })
    await entered(gate)
    expect(await run(pool, second!, 'echo', { value: 'at once' })).toMatchObject({ value: 'at once' })
    expect([first!.inFlight, second!.inFlight]).toEqual([2, 0])
    open(gate)
    expect(await Promise.all([parked, waiting])).toMatchObject([{ value: 'released' }, { value: 'waited' }])
    expect(first!.inFlight).toBe(0)
  })

  test('that stand in line do not hold back the answer before them', async () => {
    const pool = await openPool({ threads: 1 })
    const [thread] = pool.ready()
    const [busy, blocking] = [newGate(), newGate()]
    // Both later messages are in the port when the thread comes back to it.
    const before = run(pool, thread!, 'park', { gate: busy })
    const first = run(pool, thread!, 'echo', { value: 1 })
    const second = run(pool, thread!, 'park', { gate: blocking })
    await entered(busy)
    open(busy)
    await before
    expect(await first).toMatchObject({ value: 1 })
    // Only now may the second end; if the first answer waited for it, the line above would never be passed.
    open(blocking)
    expect(await second).toMatchObject({ value: 'released' })
  })

  test('that throw answer with the error and leave the thread alive', async () => {
    const pool = await openPool()
    const [thread] = pool.ready()
    expect(await run(pool, thread!, 'fail', { text: 'bad record' })).toMatchObject({
      ok: false,
      error: { name: 'RangeError', message: 'bad record', code: 'ERR_TEST' },
    })
    expect(await run(pool, thread!, 'echo', { value: 2 })).toMatchObject({ value: 2 })
  })

  test('for another thread are answered as stale', async () => {
    const handler = serve(() => Promise.reject(new Error('not to be attached')))
    const tasks = [{ command: 'echo' }, { command: 'echo' }] as unknown as TaskMessage[]
    expect(await handler({ type: 'tasks', thread: 1000, tasks })).toEqual([{ ok: 'stale' }, { ok: 'stale' }])
  })

  test('of one message run in order and are answered together, failures in their places', async () => {
    const pool = await openPool()
    const [thread] = pool.ready()
    const tasks = [
      { command: 'echo', value: 1 },
      { command: 'fail', text: 'bad record' },
      { command: 'echo', value: 2 },
    ]
    const results = await pool.run(thread!, tasks as unknown as TaskMessage[])
    expect(results).toMatchObject([{ value: 1 }, { ok: false, error: { message: 'bad record' } }, { value: 2 }])
  })

  test('with something that cannot be cloned reject and leave the thread alive', async () => {
    const pool = await openPool()
    const [thread] = pool.ready()
    const error = await rejection(run(pool, thread!, 'echo', { value: () => 1 }))
    expect(error.name).toBe('DataCloneError')
    expect(await run(pool, thread!, 'echo', { value: 3 })).toMatchObject({ value: 3 })
  })
})

describe('control calls', () => {
  test('are answered between two tasks that stand in line', async () => {
    const pool = await openPool({ threads: 1 })
    const [thread] = pool.ready()
    const [busy, blocking] = [newGate(), newGate()]
    const before = run(pool, thread!, 'park', { gate: busy })
    const after = run(pool, thread!, 'park', { gate: blocking })
    const calling = thread!.control.ping()
    await entered(busy)
    open(busy)
    expect(await calling).toBe(thread!.id)
    open(blocking)
    expect(await Promise.all([before, after])).toMatchObject([{ value: 'released' }, { value: 'released' }])
  })

  test('reach the thread that they are made to', async () => {
    const pool = await openPool()
    const [first, second] = pool.ready()
    expect(await Promise.all([first!.control.ping(), second!.control.ping()])).toEqual([first!.id, second!.id])
    expect(await first!.control.owned()).toEqual([1, 2, 3])
  })

  test('keep code, details and cause of errors', async () => {
    const pool = await openPool()
    const error = await rejection(pool.ready()[0]!.control.adopt([], [], false))
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_PIPELINE', message: 'no such block', details: { block: 5 } })
  })
})

describe('open', () => {
  test('checks its options', async () => {
    await expect(openPool({ threads: 0 })).rejects.toThrow(ArgumentError)
    await expect(openPool({ threads: 1.5 })).rejects.toThrow(ArgumentError)
    await expect(openPool({ exitMs: -1 })).rejects.toThrow(ArgumentError)
    await expect(openPool({ bootMs: 0 })).rejects.toThrow(ArgumentError)
  })

  test('rejects with the error that kept a thread from being set up', async () => {
    const params = { boots: newGate(), when: 2, mode: 'throw' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    expect(await rejection(openPool({ boot }))).toMatchObject({
      code: 'ERR_MILLRACE_PIPELINE',
      message: 'The pipeline is broken.',
      cause: { name: 'TypeError', message: 'inner' },
    })
  })

  test('rejects when the code that is loaded ends its thread', async () => {
    const params = { boots: newGate(), when: 1, mode: 'exit' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    const error = await rejection<ThreadLostError>(openPool({ boot }))
    expect(error).toMatchObject({ reason: 'exit', details: { exitCode: 7 } })
  })

  test('rejects when the entry cannot be loaded, with the error that says why', async () => {
    for (const [file, message] of [
      ['absent.mjs', /Cannot find module .*absent\.mjs/],
      ['broken-import.mjs', /Cannot find module .*not-there\.mjs/],
      ['no-handler.mjs', /no-handler\.mjs has no function as its default export/],
    ] as const) {
      const error = await rejection(openPool({ entry: new URL(`./fixtures/${file}`, import.meta.url) }))
      expect(error.message).toMatch(message)
    }
  })

  test('rejects when no thread comes up in time', async () => {
    const params = { boots: newGate(), when: 1, mode: 'park' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    const error = await rejection(openPool({ threads: 1, spare: false, boot, bootMs: 200 }))
    expect(error).toMatchObject({
      code: 'ERR_MILLRACE_STATE',
      message: expect.stringContaining('200 ms after its start'),
    })
  })

  test('rejects when the system refuses to start a worker', async () => {
    const error = await rejection(openPool({ execArgv: ['--expose-gc'] }))
    expect(error).toMatchObject({ code: 'ERR_WORKER_INVALID_EXEC_ARGV' })
  })
})

describe('the spare', () => {
  test('starts 100 ms after the threads, which have both cores for their first tasks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const pool = await openPool({ threads: 2 })
    vi.advanceTimersByTime(99)
    expect(pool.threads()).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(pool.threads()).toHaveLength(3)
  })

  test('starts at once when somebody waits for it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const pool = await openPool({ threads: 1 })
    const strong = pool.whenStrong()
    expect(pool.threads()).toHaveLength(2)
    await strong
    expect(pool.spare()).toBeDefined()
  })

  test('starts at once when a thread is lost before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const pool = await openPool({ threads: 2 })
    const [first, second] = pool.ready()
    await pool.terminate(first!)
    // One for the slot and one for the reserve.
    expect(pool.threads()).toHaveLength(3)
    expect(pool.ready()).toEqual([second])
  })
})

describe('close', () => {
  test('rejects what is pending and what comes later, and is safe to call twice', async () => {
    // The third thread, which is to be the spare, never gets ready.
    const params = { boots: newGate(), when: 3, mode: 'park' }
    const pool = await openPool({ boot: { codegen: false, pipeline: { url: '', params, fingerprint: [] } } })
    const [thread] = pool.ready()
    const gate = newGate()
    const running = rejection<ThreadLostError>(run(pool, thread!, 'spin', { gate }))
    const waiting = rejection<ThreadLostError>(run(pool, thread!, 'echo'))
    const strong = rejection(pool.whenStrong())
    await entered(gate)
    // Not before: calls have a port of their own, so one may overtake the task.
    const calling = rejection<ThreadLostError>(thread!.control.ping())
    await Promise.all([pool.close(), pool.close()])
    for (const error of await Promise.all([running, waiting, calling])) {
      expect(error).toBeInstanceOf(ThreadLostError)
      expect(error.reason).toBe('closed')
    }
    expect(await strong).toBeInstanceOf(StateError)
    expect(await rejection(run(pool, thread!, 'echo'))).toMatchObject({ reason: 'closed' })
    expect(await rejection(thread!.control.ping())).toMatchObject({ reason: 'closed' })
    expect(await rejection(pool.whenStrong())).toBeInstanceOf(StateError)
    expect([pool.ready(), pool.threads()]).toEqual([[], []])
    // `close` itself waits for a second at most.
    await thread!.gone
    expect(thread!.worker.threadId).toBe(-1)
  })

  test('reports no losses', async () => {
    const lost: unknown[] = []
    const pool = await openPool({
      onThreadLost: (thread) => lost.push(thread),
      onThreadGone: (thread) => lost.push(thread),
    })
    const threads = pool.threads()
    await pool.close()
    await Promise.all(threads.map((thread) => thread.gone))
    expect(lost).toEqual([])
  })

  test('is called at the end of an await using block', async () => {
    const pool = await openPool()
    const threads = pool.threads()
    await pool[Symbol.asyncDispose]()
    await Promise.all(threads.map((thread) => thread.gone))
    expect(threads.map((thread) => thread.worker.threadId)).toEqual(threads.map(() => -1))
    expect(ThreadPool.prototype[Symbol.asyncDispose]).toBeTypeOf('function')
  })

  test('leaves nothing that keeps the process alive', async () => {
    expect(await inProcess('exits-by-itself.mjs', 'close')).toEqual({
      value: 'hello',
      pending: ['closed', 'closed'],
      resources: [],
    })
  })

  test('is not needed for the process to end, as an idle pool does not keep it alive', async () => {
    expect(await inProcess('exits-by-itself.mjs', 'leave')).toEqual({ value: 'hello' })
  })
})
