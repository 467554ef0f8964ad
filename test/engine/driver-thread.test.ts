import diagnostics from 'node:diagnostics_channel'
import type { OutputBatch } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { PUSHED } from '#build/cli/stress/pipelines/params.js'
import { PIPELINES } from '#build/cli/stress/pipelines.js'
import { newFaultMemory } from '#build/cli/stress/tripwire.js'
import {
  DRIVERS,
  type Driver,
  gatherFrom,
  moduleAt,
  opened,
  sharedWord,
  stopAll,
  threaded,
} from './driver-thread-support.js'
import { sorted } from './support.js'

afterEach(stopAll)

/** Outputs by name, their records in an order of their own. */
type Outputs = Record<string, { readonly time: number; readonly records: unknown }[]>

const bag = ({ time, records }: OutputBatch) => ({ time, records: sorted(records) })

/** The outputs of some batches; `push` is called ahead of each with its number from 1. */
async function outputsOf(
  module: string | URL,
  driver: Driver,
  batches: number,
  options: object,
  push?: (pushTo: (name: string, values: readonly unknown[]) => void, batch: number) => void,
): Promise<Outputs> {
  const { ssc, clock } = await opened(module, driver, options)
  await ssc.start()
  const gathered = Object.fromEntries([...ssc.outputNames].map((name) => [name, gatherFrom(ssc, name)]))
  for (let batch = 1; batch <= batches; batch++) {
    push?.((name, values) => void ssc.pushHandle(name).pushAll(values), batch)
    await clock.advance(ssc.batchInterval)
    await ssc.awaitIdle()
  }
  await ssc.stop({ graceful: true, timeout: '1h' })
  const outputs: Outputs = {}
  for (const [name, all] of Object.entries(gathered)) outputs[name] = (await all).map(bag)
  return outputs
}

describe('the same pipeline gives the same under both drivers', () => {
  const pairs: [string, number][][] = [
    [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ],
    [],
    [
      ['b', 5],
      ['c', 1],
    ],
  ]

  test('operators of every kind', async () => {
    const options = { params: { factor: 10 } }
    const run = (driver: Driver) =>
      outputsOf('operators.mjs', driver, 3, options, (pushTo, batch) => pushTo('pairs', pairs[batch - 1]!))
    const host = await run('host')
    expect(host.sums![0]!.records).toEqual(['["a",40]', '["b",20]'])
    expect(host.named![2]!.records).toEqual(['["bob",5]'])
    expect(Object.keys(host)).toHaveLength(8)
    // A graceful stop makes one batch of what came last, which is nothing.
    expect(host.totals!.map(({ time }) => time)).toEqual([1000, 2000, 3000, 4000])
    expect(await run('thread')).toEqual(host)
  })

  test.each(Object.keys(PIPELINES) as (keyof typeof PIPELINES)[])('%s of the stress command', async (name) => {
    const { push } = PIPELINES[name]
    const module = new URL(`../../dist/cli/stress/pipelines/${name}.js`, import.meta.url)
    const params = { seed: 7, mean: 40, interval: 100, faults: newFaultMemory() }
    const run = (driver: Driver) =>
      outputsOf(module, driver, 12, { batchInterval: 100, params }, (pushTo, batch) => {
        if (push) pushTo(PUSHED, push(params, batch))
      })
    const host = await run('host')
    expect(Object.values(host).flat().length).toBeGreaterThan(20)
    expect(await run('thread')).toEqual(host)
  })

  test.each(DRIVERS.flatMap((driver) => ['typed.ts', 'typed.js'].map((name) => [name, driver] as const)))(
    'TypeScript modules, which import TypeScript, by the name %s: %s',
    async (name, driver) => {
      const { out } = await outputsOf(name, driver, 1, { params: { by: 10 } })
      expect(out![0]).toEqual({ time: 1000, records: ['12', '14'] })
    },
  )

  test('records of every kind keep their types, on the way in and on the way out', async () => {
    const records = [
      ...['text', '\ud800 alone', -0, Number.NaN, null, undefined, true, 10n ** 30n],
      ...[new Map([[1, new Set(['x'])]]), new Date(5), Buffer.from([1, 2]), new Float64Array([0.5]), [[], {}]],
    ]
    const run = async (driver: Driver) => {
      const { ssc, clock } = await opened('kinds.mjs', driver, { threads: 1 })
      await ssc.start()
      const same = gatherFrom(ssc, 'same')
      const other = gatherFrom(ssc, 'other')
      ssc.pushHandle('records').pushAll(records)
      ssc.pushHandle('other').push(-0, 1.5)
      await clock.advance(1000)
      await ssc.awaitIdle()
      await ssc.stop()
      return [(await same)[0]!.records, (await other)[0]!.records]
    }
    const host = await run('host')
    expect(host[0]).toHaveLength(records.length)
    expect(await run('thread')).toStrictEqual(host)
  })
})

describe.each(DRIVERS)('what the host sees of driver: %s', (driver) => {
  test('events in their order, before awaitIdle; errors in them keep class, code and cause', async () => {
    const { ssc, clock, log } = await opened('faults.mjs', driver, {
      onBatchError: 'skip',
      params: { fault: 'throws' },
    })
    const events: string[] = []
    for (const name of ['batchSubmitted', 'batchStarted', 'batchCompleted'] as const)
      ssc.on(name, ({ time }) => events.push(`${name} ${time}`))
    const skipped: { time: number; error: unknown }[] = []
    ssc.on('batchSkipped', (event) => skipped.push(event))
    const takeBack = ssc.on('batchStarted', () => events.push('taken back'))
    takeBack()
    await ssc.start()
    await clock.advance(2000)
    await ssc.awaitIdle()
    const of = (time: number) => ['batchStarted', 'batchCompleted'].map((name) => `${name} ${time}`)
    expect(events.filter((event) => !event.startsWith('batchSubmitted'))).toEqual([...of(1000), ...of(2000)])
    expect(ssc.skippedBatches).toEqual([1000, 2000])
    expect(skipped[0]!.error).toMatchObject({
      code: 'ERR_MILLRACE_OUTPUT_FAILED',
      cause: { name: 'OwnError', message: 'of its own', cause: expect.any(RangeError) },
    })
    const warned = log.find(({ message }) => message.startsWith('batch 1000 ms was skipped'))
    expect(warned).toMatchObject({ level: 'error', details: { name: 'OutputFailedError' } })
  })

  test('diagnostics channels', async () => {
    const { ssc, clock } = await opened('faults.mjs', driver)
    const times: number[] = []
    const listener = (event: unknown) => times.push((event as { time: number }).time)
    diagnostics.subscribe('millrace:batchCompleted', listener)
    await ssc.start()
    await clock.advance(3000)
    await ssc.awaitIdle()
    diagnostics.unsubscribe('millrace:batchCompleted', listener)
    expect(times).toEqual([1000, 2000, 3000])
  })

  test('records that were given up', async () => {
    const { ssc, clock } = await opened('task.mjs', driver, { deadLetterLimit: 1, params: { given: true } })
    await ssc.start()
    const doubled = gatherFrom(ssc, 'doubled')
    ssc.pushHandle('numbers').push(1, 13, 2, 13)
    await clock.advance(1000)
    await ssc.awaitIdle()
    await ssc.stop()
    expect((await doubled)[0]!.records).toEqual([2, 4])
    expect(ssc.deadLetters.count).toBe(2)
    expect(ssc.deadLetters.latest).toEqual([
      expect.objectContaining({ record: 13, error: expect.objectContaining({ name: 'TypeError' }) }),
    ])
  })

  test('a listener that throws is reported to the logger', async () => {
    const { ssc, clock, log } = await opened('faults.mjs', driver)
    ssc.on('batchStarted', () => {
      throw new Error('in a listener')
    })
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(log).toContainEqual({ level: 'error', message: 'a listener threw', details: new Error('in a listener') })
  })

  test('what print() shows goes to the printer', async () => {
    const { ssc, clock } = await opened('faults.mjs', driver, { params: { printed: true } })
    const shown: unknown[] = []
    ssc.printer = (time, lines) => void shown.push([time, ...lines])
    await ssc.start()
    ssc.pushHandle('numbers').push(1, 2)
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(shown).toEqual([[1000, '1', '2']])
  })

  test('an output that nobody reads holds 256 batches; then batches wait, until it is read', async () => {
    const { ssc, clock, log } = await opened('faults.mjs', driver, { threads: 1, spare: false })
    const completed: number[] = []
    ssc.on('batchCompleted', ({ time }) => completed.push(time))
    await ssc.start()
    await clock.advance(300_000)
    await new Promise<void>((resolve) => {
      const push = log.push.bind(log)
      log.push = (...entries) => {
        if (entries.some(({ message }) => message.includes('256 batches without a reader'))) resolve()
        return push(...entries)
      }
      if (log.some(({ message }) => message.includes('256 batches'))) resolve()
    })
    expect(completed).toHaveLength(255)
    const numbers = gatherFrom(ssc, 'numbers')
    await ssc.awaitIdle()
    expect(completed).toHaveLength(300)
    await ssc.stop()
    expect(await numbers).toHaveLength(300)
  })

  test('a graceful stop delivers what was received, also to a reader that comes later', async () => {
    const { ssc } = await opened('faults.mjs', driver)
    await ssc.start()
    ssc.pushHandle('numbers').push(1, 2, 3)
    await ssc.stop({ graceful: true, timeout: '1h' })
    expect(await gatherFrom(ssc, 'numbers')).toEqual([{ time: 1000, records: [1, 2, 3] }])
  })

  test('values pushed before the start are kept, up to 65,536; none after the end', async () => {
    const { ssc, clock } = await opened('faults.mjs', driver)
    const input = ssc.pushHandle<number>('numbers')
    expect(input.pushAll(new Array(65_536).fill(1))).toBeUndefined()
    expect(() => input.push(1)).toThrow(/holds 65536 values and got 1 more; the limit before start\(\) is 65536/)
    await ssc.start()
    const numbers = gatherFrom(ssc, 'numbers')
    await clock.advance(1000)
    await ssc.awaitIdle()
    input.end()
    expect(() => input.push(1)).toThrow(/numbers has ended/)
    await ssc.stop()
    expect((await numbers)[0]!.records).toHaveLength(65_536)
    expect(input.end()).toBeUndefined()
  })

  test('push answers with a promise where the stream is full, which resolves when a batch made room', async () => {
    const { ssc, clock } = await opened('faults.mjs', driver, { receiverBufferBytes: 1024 })
    await ssc.start()
    const numbers = gatherFrom<number>(ssc, 'numbers')
    const input = ssc.pushHandle<number>('numbers')
    const full = input.pushAll(Array.from({ length: 20_000 }, (_, i) => i))
    expect(full).toBeInstanceOf(Promise)
    let room = false
    void full!.then(() => {
      room = true
    })
    await ssc.awaitIdle()
    expect(room).toBe(false)
    await clock.advance(1000)
    await full
    await ssc.stop({ graceful: true, timeout: '1h' })
    expect((await numbers).flatMap(({ records }) => records)).toHaveLength(20_000)
  })
})

test('a host that is busy delays no batch of a driver in a thread', async () => {
  const seen = sharedWord()
  const { ssc } = await threaded('faults.mjs', { batchInterval: 20, clock: undefined, params: { seen } })
  await ssc.start()
  const before = Atomics.load(seen, 0)
  const limit = performance.now() + 200_000
  while (Atomics.load(seen, 0) < before + 5 && performance.now() < limit);
  expect(Atomics.load(seen, 0)).toBeGreaterThanOrEqual(before + 5)
})

test('kills of worker threads under a driver in a thread change no result, and are told', async () => {
  const faults = [2, 7, 15].map((nth) => ({ point: 'task:computed', nth, passes: new SharedArrayBuffer(4) }))
  const { ssc, clock } = await threaded('operators.mjs', { params: { factor: 1 }, faults, replicas: 1 })
  const lost: string[] = []
  ssc.on('threadLost', ({ reason }) => lost.push(reason))
  await ssc.start()
  const totals = gatherFrom(ssc, 'totals')
  for (let batch = 0; batch < 4; batch++) {
    ssc.pushHandle('pairs').push(['a', 1], ['b', 2])
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  await ssc.stop()
  expect(lost).toEqual(['terminated', 'terminated', 'terminated'])
  expect(sorted((await totals)[3]!.records)).toEqual(['["a",4]', '["b",8]'])
})

test('a path from the working directory is taken as a module, as with driver: host', async () => {
  const path = decodeURIComponent(moduleAt('faults.mjs').pathname).replace(`${process.cwd()}/`, '')
  const { ssc } = await threaded(path)
  expect([...ssc.outputNames]).toEqual(['numbers'])
})
