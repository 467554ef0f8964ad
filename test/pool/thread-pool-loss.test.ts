import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { MillraceError, ThreadLostError } from '#build/errors.js'
import type { PoolThread } from '#build/pool/pool-thread.js'
import { entered, inProcess, newGate, open, openPool, reached, rejection, run } from './helpers.js'

/** Records the reports of the pool. */
function journal() {
  const entries: string[] = []
  const losses: ThreadLostError[] = []
  return {
    entries,
    losses,
    onThreadLost: (thread: PoolThread, loss: ThreadLostError) => {
      entries.push(`lost ${thread.id}`)
      losses.push(loss)
    },
    onPromoted: (thread: PoolThread) => entries.push(`promoted ${thread.id} to ${thread.slot}`),
    onThreadGone: (thread: PoolThread) => entries.push(`gone ${thread.id}`),
  }
}

describe('a thread that is terminated from outside', () => {
  test('while it runs one task and another waits: both reject, the spare takes the slot', async () => {
    const seen = journal()
    const pool = await openPool(seen)
    await pool.whenStrong()
    const [first, second] = pool.ready()
    const spare = pool.spare()!
    const gate = newGate()
    const running = rejection<ThreadLostError>(run(pool, first!, 'spin', { gate }))
    const waiting = rejection<ThreadLostError>(run(pool, first!, 'echo'))
    await entered(gate)
    // Not before: calls have a port of their own, so one may overtake the task.
    const calling = rejection<ThreadLostError>(first!.control.ping())
    void first!.worker.terminate()
    const loss = await first!.exited
    // Seen in the first microtasks after the exit: the promotion did not wait for anything.
    expect(pool.ready()).toEqual([spare, second])
    expect([spare.slot, first!.state]).toEqual([0, 'dead'])
    expect(loss).toMatchObject({ reason: 'terminated', details: { thread: first!.id, slot: 0, exitCode: 1 } })
    expect(await Promise.all([running, waiting, calling])).toEqual([loss, loss, loss])
    expect(seen.entries).toEqual([`lost ${first!.id}`, `promoted ${spare.id} to 0`, `gone ${first!.id}`])

    await pool.whenStrong()
    expect(pool.spare()!.id).toBeGreaterThan(spare.id)
    expect(await run(pool, spare, 'echo', { value: 'heir' })).toMatchObject({ value: 'heir' })
    expect(await rejection(run(pool, first!, 'echo'))).toBe(loss)
    expect(await rejection(first!.control.ping())).toBe(loss)
    expect(first!.inFlight).toBe(0)
  })

  test('while it is idle', async () => {
    const seen = journal()
    const pool = await openPool(seen)
    await pool.whenStrong()
    const [, second] = pool.ready()
    await second!.worker.terminate()
    await pool.whenStrong()
    expect(seen.losses.map((loss) => loss.reason)).toEqual(['terminated'])
    expect(pool.ready().map((thread) => thread.slot)).toEqual([0, 1])
  })

  test('while it is in reserve', async () => {
    const seen = journal()
    const pool = await openPool(seen)
    await pool.whenStrong()
    const spare = pool.spare()!
    await spare.worker.terminate()
    expect(pool.spare()).toBeUndefined()
    await pool.whenStrong()
    expect(seen.entries).toEqual([`lost ${spare.id}`, `gone ${spare.id}`])
    expect(pool.spare()!.id).not.toBe(spare.id)
  })

  test('while it is in a pool without a spare: its slot waits for the next', async () => {
    const pool = await openPool({ spare: false })
    const [first, second] = pool.ready()
    await first!.worker.terminate()
    expect(pool.ready()).toEqual([second])
    await pool.whenStrong()
    expect(pool.ready().map((thread) => thread.slot)).toEqual([0, 1])
    expect(pool.ready()[0]!.id).not.toBe(first!.id)
    expect(pool.spare()).toBeUndefined()
  })

  test('together with all others', async () => {
    const pool = await openPool({ threads: 3 })
    await pool.whenStrong()
    const before = pool.threads()
    expect(before).toHaveLength(4)
    const tasks = before.map((thread) => rejection<ThreadLostError>(run(pool, thread, 'spin', { gate: newGate() })))
    await Promise.all(before.map((thread) => thread.worker.terminate()))
    expect((await Promise.all(tasks)).map((error) => error.reason)).toEqual(before.map(() => 'terminated'))
    await pool.whenStrong()
    const after = pool.threads()
    expect(after).toHaveLength(4)
    expect(before.filter((thread) => after.includes(thread))).toEqual([])
  })
})

describe('a thread that dies while it boots', () => {
  test('before it has loaded its entry', async () => {
    const failed: ThreadLostError[] = []
    const pool = await openPool({ onBootFailed: (_, loss) => failed.push(loss) })
    await pool.whenStrong()
    await pool.spare()!.worker.terminate()
    // The successor has been started in the exit handler.
    for (let round = 1; round <= 3; round++) {
      const booting = await firstBooting(pool)
      await booting.worker.terminate()
      expect(await booting.exited).toMatchObject({ reason: 'terminated' })
      expect(failed).toHaveLength(round)
    }
    await pool.whenStrong()
    expect(pool.threads()).toHaveLength(3)
  })

  test('and no thread is left: whoever waits for one is told', async () => {
    const params = { boots: newGate(), when: 4, mode: 'throw' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    let stranded = (_: ThreadLostError) => {}
    const told = new Promise<ThreadLostError>((resolve) => {
      stranded = resolve
    })
    const pool = await openPool({ boot, onStranded: (loss) => stranded(loss) })
    await pool.whenStrong()
    for (const thread of pool.threads()) void thread.worker.terminate()
    expect(await told).toMatchObject({ reason: 'boot', cause: { code: 'ERR_MILLRACE_PIPELINE' } })
  })

  test('because the system refuses more threads: whoever waits for one is told, and the pool recovers', async () => {
    let stranded = (_: ThreadLostError) => {}
    const told = new Promise<ThreadLostError>((resolve) => {
      stranded = resolve
    })
    const pool = await openPool({ onStranded: (loss) => stranded(loss) })
    await pool.whenStrong()
    const refusing = vi.spyOn(createRequire(import.meta.url)('node:worker_threads'), 'Worker')
    onTestFinished(() => refusing.mockRestore())
    refusing.mockImplementation(function refuse() {
      throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
    })
    for (const thread of pool.threads()) void thread.worker.terminate()
    expect(await told).toMatchObject({
      reason: 'boot',
      message: expect.stringContaining('No worker thread can be started: EAGAIN.'),
      cause: { code: 'ERR_WORKER_INIT_FAILED' },
    })
    refusing.mockRestore()
    await pool.whenStrong()
    expect(pool.threads()).toHaveLength(3)
  })

  test('while its pipeline is loaded', async () => {
    const failed: ThreadLostError[] = []
    const params = { boots: newGate(), when: 4, mode: 'park' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    const pool = await openPool({ boot, onBootFailed: (_, loss) => failed.push(loss) })
    await pool.whenStrong()
    await pool.spare()!.worker.terminate()
    await reached(params.boots, 4)
    const booting = pool.threads().find((thread) => thread.state === 'booting')!
    await booting.worker.terminate()
    expect(failed).toHaveLength(1)
    open(params.boots)
    await pool.whenStrong()
    expect(pool.threads().map((thread) => thread.state)).toEqual(['ready', 'ready', 'ready'])
  })

  test('because its pipeline cannot be loaded any more: tried again and again until it can', async () => {
    const failed: ThreadLostError[] = []
    const params = { boots: newGate(), when: 4, mode: 'throw' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    let enough = () => {}
    const thrice = new Promise<void>((resolve) => {
      enough = resolve
    })
    const warnings: string[] = []
    const pool = await openPool({
      boot,
      log: { warn: (message) => warnings.push(message) },
      onBootFailed: (_, loss) => failed.push(loss) === 3 && enough(),
    })
    await pool.whenStrong()
    await pool.spare()!.worker.terminate()
    await thrice
    expect(failed[0]).toMatchObject({ reason: 'boot', cause: { code: 'ERR_MILLRACE_PIPELINE' } })
    expect(warnings.length).toBeGreaterThanOrEqual(2)
    expect(pool.ready()).toHaveLength(2)
    Atomics.store(params.boots, 0, -1_000)
    await pool.whenStrong()
    expect(pool.threads()).toHaveLength(3)
  })

  test('and it ends itself as soon as it is ready, again and again: whoever waits is told', async () => {
    const params = { boots: newGate(), when: 4, mode: 'crash' }
    const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
    let stranded = (_: ThreadLostError) => {}
    const told = new Promise<ThreadLostError>((resolve) => {
      stranded = resolve
    })
    let crashes = 0
    const warnings: string[] = []
    const pool = await openPool({
      boot,
      log: { warn: (message) => warnings.push(message) },
      onThreadLost: (_, { reason }) => void (reason === 'exit' && crashes++),
      onStranded: (loss) => stranded(loss),
    })
    await pool.whenStrong()
    for (const thread of pool.threads()) void thread.worker.terminate()
    expect(await told).toMatchObject({ reason: 'exit' })
    expect(crashes).toBeGreaterThanOrEqual(10)
    expect(warnings.length).toBeGreaterThanOrEqual(10)
    Atomics.store(params.boots, 0, -1_000)
    await pool.whenStrong()
    expect(await run(pool, pool.ready()[0]!, 'echo', { value: 1 })).toMatchObject({ value: 1 })
  })

  test('takes no tasks before', async () => {
    const pool = await openPool()
    await pool.whenStrong()
    await pool.spare()!.worker.terminate()
    const booting = await firstBooting(pool)
    expect(await rejection<MillraceError>(run(pool, booting, 'echo'))).toMatchObject({ code: 'ERR_MILLRACE_STATE' })
  })
})

describe('the reason of a loss', () => {
  test('process.exit, whatever the code', async () => {
    const pool = await openPool()
    for (const code of [0, 1, 3]) {
      await pool.whenStrong()
      const [thread] = pool.ready()
      const error = await rejection<ThreadLostError>(run(pool, thread!, 'exit', { code }))
      expect(error).toMatchObject({ reason: 'exit', details: { exitCode: code } })
    }
  })

  test('an error that is thrown late, when no task runs', async () => {
    const pool = await openPool()
    const [thread] = pool.ready()
    const gate = newGate()
    expect(await run(pool, thread!, 'late', { gate })).toMatchObject({ value: 'answered' })
    open(gate)
    const loss = await thread!.exited
    expect(loss).toMatchObject({
      reason: 'uncaught',
      cause: { name: 'TypeError', message: 'thrown late', code: 'ERR_LATE' },
    })
  })

  test('an error that is thrown late rejects the task that waits, with the loss', async () => {
    const pool = await openPool()
    const [thread] = pool.ready()
    const gate = newGate()
    await run(pool, thread!, 'late', { gate })
    await entered(gate)
    const waiting = rejection<ThreadLostError>(run(pool, thread!, 'spin', { gate: newGate() }))
    open(gate)
    expect(await waiting).toMatchObject({ reason: 'uncaught', cause: { code: 'ERR_LATE' } })
    expect(await waiting).toBe(thread!.loss)
  })

  test('a heap that is full', async () => {
    expect(await inProcess('out-of-memory.mjs')).toEqual({
      reason: 'out-of-memory',
      cause: 'ERR_WORKER_OUT_OF_MEMORY',
      ready: 1,
    })
  })

  test('a termination by the pool, for the reason that is given', async () => {
    const pool = await openPool({ exitMs: 20_000 })
    const [thread] = pool.ready()
    const gate = newGate()
    const running = rejection<ThreadLostError>(run(pool, thread!, 'spin', { gate }))
    await entered(gate)
    const loss = await pool.terminate(thread!, 'timeout')
    expect(loss).toMatchObject({ reason: 'timeout', details: { exitCode: 1 } })
    expect(await running).toBe(loss)
    expect(await pool.terminate(thread!, 'timeout')).toBe(loss)
  })
})

test('a thread in a long native call is given up, replaced, and gone later', async () => {
  const seen = journal()
  const pool = await openPool({ ...seen, threads: 1, spare: false, exitMs: 50 })
  const [zombie] = pool.ready()
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const watcher = watch(folder)
  onTestFinished(() => watcher.close())
  const inside = once(watcher, 'change')
  const file = join(folder, 'inside')
  const running = rejection<ThreadLostError>(run(pool, zombie!, 'native', { file }))
  await inside
  const loss = await pool.terminate(zombie!, 'timeout')
  expect(loss).toMatchObject({ reason: 'timeout', details: { exitCode: undefined } })
  expect(await running).toBe(loss)
  await pool.whenStrong()
  const [heir] = pool.ready()
  expect(await run(pool, heir!, 'echo', { value: 'heir' })).toMatchObject({ value: 'heir' })
  // The zombie still sits in its call, and counts neither as a thread nor as a slot.
  expect(seen.entries).toEqual([`lost ${zombie!.id}`])
  expect(zombie!.worker.threadId).not.toBe(-1)
  expect(pool.threads()).toEqual([heir])
  await rm(file)
  await zombie!.gone
  expect(seen.entries).toEqual([`lost ${zombie!.id}`, `gone ${zombie!.id}`])
  expect(pool.threads()).toEqual([heir])
})

/** The thread that boots; if the pool pauses after a failed boot, the one that it starts next. */
async function firstBooting(pool: Awaited<ReturnType<typeof openPool>>): Promise<PoolThread> {
  for (;;) {
    const thread = pool.threads().find((candidate) => candidate.state === 'booting')
    if (thread) return thread
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a thread that never comes up is given up, and another takes its place', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  // The third thread, which is to be the spare, waits forever while it boots; later threads do not.
  const boots = newGate()
  const params = { boots, when: 3, mode: 'park' }
  const boot = { codegen: false, pipeline: { url: '', params, fingerprint: [] } }
  const failed: ThreadLostError[] = []
  const onBootFailed = (_: PoolThread, loss: ThreadLostError) => {
    failed.push(loss)
    open(boots)
  }
  const pool = await openPool({ boot, bootMs: 3_000, onBootFailed })
  const strong = pool.whenStrong()
  await reached(boots, 3)
  vi.advanceTimersByTime(2_999)
  expect(pool.threads()).toHaveLength(3)
  vi.advanceTimersByTime(1)
  vi.useRealTimers()
  await strong
  expect(pool.threads()).toHaveLength(3)
  expect(failed).toContainEqual(expect.objectContaining({ reason: 'boot' }))
})
