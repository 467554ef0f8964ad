import { type KeyState, StateSpec, type StreamingContext, type StreamingOptions } from 'millrace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import fc from '../support/fast-check.js'
import { gather, manual, run, sorted } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const ssc of open.splice(0)) await ssc.stop()
})

/** A key and a value: 0 ends the key. */
type Record = [key: string, value: number]
/** Threads to kill when a batch begins: none, one by a number, or every thread and the spare. */
type Kill = undefined | number | 'all'

const TIMEOUT = 2
const SCAN = 4

/** Sums by updateStateByKey and by mapWithState (with a timeout), an incremental window, and a window over state. */
function graph(ssc: StreamingContext, data: readonly (readonly Record[])[]): readonly string[] {
  const pairs = ssc.queueStream(data.map((batch) => [...batch]))
  const totals = pairs.updateStateByKey<number>((values, state) => {
    let sum: number | undefined = state
    for (const value of values) sum = value === 0 ? undefined : (sum ?? 0) + value
    return sum
  })
  // Before the state itself is asked for: old versions of it are made again together with the new one.
  totals.window('3s').count().output('totalsOf3')
  totals.output('totals')
  const visits = pairs
    .mapWithState(
      StateSpec.function((key: string, value: number | undefined, state: KeyState<number>): string => {
        if (value === undefined) return `${key} idle ${state.get()}`
        const sum = (state.getOption() ?? 0) + value
        if (value === 0) state.remove()
        else state.update(sum)
        return `${key} ${sum}`
      }).timeout(`${TIMEOUT}s`),
    )
    .checkpoint(`${SCAN}s`) as ReturnType<typeof pairs.mapWithState<number, string>>
  visits.output('visits')
  visits.stateSnapshots().output('snapshots')
  pairs
    .map(([key]): [string, number] => [key, 1])
    .reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { inverse: (a, b) => a - b, filter: ([, n]) => n > 0 })
    .output('window')
  return ['totals', 'totalsOf3', 'visits', 'snapshots', 'window']
}

/** The same with maps. */
function model(data: readonly (readonly Record[])[]): { [output: string]: string[] }[] {
  const totals = new Map<string, number>()
  const visited = new Map<string, { sum: number; batch: number }>()
  const sizes: number[] = []
  return data.map((batch, i) => {
    for (const [key, value] of batch) {
      if (value === 0) totals.delete(key)
      else totals.set(key, (totals.get(key) ?? 0) + value)
    }
    const visits: string[] = []
    for (const [key, value] of batch) {
      const sum = (visited.get(key)?.sum ?? 0) + value
      visits.push(`${key} ${sum}`)
      if (value === 0) visited.delete(key)
      else visited.set(key, { sum, batch: i })
    }
    for (const [key, { sum, batch: last }] of (i + 1) % SCAN === 0 ? [...visited] : []) {
      if (last >= i - TIMEOUT) continue
      visits.push(`${key} idle ${sum}`)
      visited.delete(key)
    }
    const window = new Map<string, number>()
    for (const [key] of data.slice(Math.max(0, i - 2), i + 1).flat()) window.set(key, (window.get(key) ?? 0) + 1)
    sizes.push(totals.size)
    return {
      totals: sorted([...totals]),
      totalsOf3: sorted([sizes.slice(-3).reduce((a, b) => a + b)]),
      visits: sorted(visits),
      snapshots: sorted([...visited].map(([key, { sum }]) => [key, sum])),
      window: sorted([...window]),
    }
  })
}

interface Outcome {
  readonly got: { [output: string]: string[] }[]
  readonly rebuilt: number
  readonly retried: number
  readonly lost: number
}

async function outcome(
  data: readonly (readonly Record[])[],
  options: Partial<StreamingOptions>,
  kills: readonly Kill[] = [],
  when: 'before' | 'during' = 'before',
): Promise<Outcome> {
  const { ssc } = manual(options)
  open.push(ssc)
  const names = graph(ssc, data)
  let rebuilt = 0
  let retried = 0
  let lost = 0
  ssc.on('stateRebuilt', () => rebuilt++)
  ssc.on('taskRetried', () => retried++)
  ssc.on('threadLost', () => lost++)
  await ssc.start()
  const outputs = Promise.all(names.map((name) => gather(ssc, name)))
  await run(ssc, data.length, async (batch) => {
    const kill = kills[batch]
    const { pool } = localEngineOf(ssc)
    const ready = pool!.ready()
    // A thread that was killed during the batch before may be dead only now, and the next one still boot.
    const one = typeof kill === 'number' && ready.length > 0 ? [ready[kill % ready.length]!] : []
    const victims = kill === 'all' ? pool!.threads() : one
    for (const thread of victims) void thread.worker.terminate()
    if (when === 'before') await Promise.all(victims.map((thread) => thread.exited))
  })
  await ssc.stop()
  const batches = await outputs
  const got = data.map((_, i) => Object.fromEntries(names.map((name, n) => [name, sorted(batches[n]![i]!.records)])))
  return { got, rebuilt, retried, lost }
}

/** Keys come and go; some are ended, some fall idle. */
const DATA: Record[][] = Array.from({ length: 14 }, (_, i) =>
  Array.from({ length: i % 5 === 4 ? 0 : 12 }, (_, j): Record => [`k${(i * 3 + j * j) % 17}`, (i + j) % 6]),
)
const EXPECTED = model(DATA)

// Every kind of snapshot with one thread, and with two the kind that has increments and versions to replay.
describe.each([
  [1, [1, 3, 10]],
  [2, [3]],
])('%i threads', (threads, intervals) => {
  test.each(intervals)(
    'all threads die before every batch, a snapshot every %i',
    { timeout: 600_000 },
    async (stateSnapshotInterval) => {
      const { got, rebuilt, retried } = await outcome(
        DATA,
        { threads, stateSnapshotInterval, spare: threads === 1 },
        DATA.map((_, i) => (i === 0 ? undefined : 'all')),
      )
      expect(got).toEqual(EXPECTED)
      // Three operators in each batch but the first, and the versions that the window over state reads again.
      expect(rebuilt).toBeGreaterThanOrEqual(3 * threads * (DATA.length - 1))
      expect(retried).toBe(0)
    },
  )

  test.each(intervals)(
    'one thread dies before every third batch, a snapshot every %i',
    { timeout: 600_000 },
    async (stateSnapshotInterval) => {
      const kills = DATA.map((_, i): Kill => (i % 3 === 2 ? i % threads : undefined))
      const { got, rebuilt, lost, retried } = await outcome(DATA, { threads, stateSnapshotInterval }, kills)
      expect(got).toEqual(EXPECTED)
      expect(lost).toBe(4)
      expect(rebuilt).toBeGreaterThan(0)
      expect(retried).toBe(0)
    },
  )

  test('nobody dies: nothing is rebuilt', async () => {
    const { got, rebuilt } = await outcome(DATA, { threads })
    expect(got).toEqual(EXPECTED)
    expect(rebuilt).toBe(0)
  })
})

test('any records, any kills: every batch equals the model', { timeout: 600_000 }, async () => {
  const record = fc.tuple(
    fc.nat(12).map((n) => `k${n}`),
    fc.nat(4),
  )
  const batch = fc.record({
    records: fc.array(record, { maxLength: 20 }),
    kill: fc.option(fc.oneof(fc.constant('all' as const), fc.nat(1)), { nil: undefined, freq: 2 }),
  })
  const runs = fc.record({
    batches: fc.array(batch, { minLength: 2, maxLength: 12 }),
    threads: fc.integer({ min: 1, max: 2 }),
    stateSnapshotInterval: fc.integer({ min: 1, max: 5 }),
    when: fc.constantFrom('before' as const, 'during' as const),
  })
  let rebuilds = 0
  await fc.assert(
    fc.asyncProperty(runs, async ({ batches, when, ...options }) => {
      const data = batches.map(({ records }) => records)
      const { got, rebuilt } = await outcome(
        data,
        options,
        batches.map(({ kill }) => kill),
        when,
      )
      expect(got).toEqual(model(data))
      rebuilds += rebuilt
    }),
    { numRuns: 15, endOnFailure: true },
  )
  expect(rebuilds).toBeGreaterThan(10)
})

describe('snapshots', () => {
  const many = Array.from({ length: 60 }, (_, i): Record => [`k${i}`, 1])
  const keep = StateSpec.function((_: string, value: number | undefined, state: KeyState<number>) => {
    if (value === 0) state.remove()
    else state.update((state.getOption() ?? 0) + value!)
  })

  /** Returns the snapshots of mapWithState, and the state after the death of all threads. */
  async function taken(data: readonly Record[][], stateSnapshotInterval: number, killBefore?: number) {
    const { ssc } = manual({ threads: 1, stateSnapshotInterval })
    open.push(ssc)
    ssc
      .queueStream(data.map((batch) => [...batch]))
      .mapWithState(keep)
      .stateSnapshots()
      .output('state')
    const snapshots = vi.spyOn(localEngineOf(ssc).states, 'snapshotTaken')
    await ssc.start()
    const states = gather<[string, number]>(ssc, 'state')
    const pool = localEngineOf(ssc).pool!
    const killAll = () => Promise.all(pool.threads().map((thread) => pool.terminate(thread)))
    await run(ssc, data.length, async (batch) => {
      if (batch === killBefore) await killAll()
    })
    await killAll()
    await run(ssc, 1)
    await ssc.stop()
    const last = (await states).slice(-2)
    expect(sorted(last[1]!.records)).toEqual(sorted(last[0]!.records))
    return {
      kinds: snapshots.mock.calls
        .slice(0, data.length / stateSnapshotInterval)
        .map(([, , , { time, full }]) => `${time} ${full ? 'full' : 'increment'}`),
      state: new Map(last[1]!.records),
    }
  }

  test('few changes: one full snapshot, then increments, which hold what was set and what was removed', async () => {
    const { kinds, state } = await taken(
      [
        many,
        [['k1', 5]],
        [['k2', 0]],
        [
          ['k1', 1],
          ['new', 3],
        ],
        [['k3', 0]],
        [['k3', 2]],
      ],
      1,
    )
    expect(kinds).toEqual([
      '1000 full',
      '2000 increment',
      '3000 increment',
      '4000 increment',
      '5000 increment',
      '6000 increment',
    ])
    expect(state.size).toBe(60)
    expect(['k0', 'k1', 'k2', 'k3', 'new'].map((key) => state.get(key))).toEqual([1, 7, undefined, 2, 3])
  })

  test('an increment holds the changes of all batches since the last snapshot', async () => {
    const { kinds, state } = await taken([many, many, [['k1', 5]], [['k2', 0]]], 2)
    expect(kinds).toEqual(['2000 full', '4000 increment'])
    expect(['k0', 'k1', 'k2'].map((key) => state.get(key))).toEqual([2, 7, undefined])
  })

  test('where most keys change, snapshots are full', async () => {
    expect((await taken([many, many, many], 1)).kinds).toEqual(['1000 full', '2000 full', '3000 full'])
  })

  test('many small increments make way for a full one, after a rebuild too', async () => {
    const few = many.slice(0, 20)
    const fulls = async (data: readonly Record[][], killBefore?: number) =>
      (await taken(data, 1, killBefore)).kinds.filter((kind) => kind.endsWith('full'))
    // Ten changed entries are half of the state.
    const changing = Array.from({ length: 24 }, (_, i): Record[] => [[`k${i % 20}`, 1]])
    expect(await fulls([few, ...changing])).toEqual(['1000 full', '11000 full', '21000 full'])
    expect(await fulls([few, ...changing], 15)).toEqual(['1000 full', '11000 full', '21000 full'])
    expect(await fulls([few, ...Array.from({ length: 104 }, () => [])])).toEqual(['1000 full', '102000 full'])
  })

  test('old ones are let go: after many batches there are as many blocks as after few', async () => {
    const { ssc } = manual({ threads: 2, stateSnapshotInterval: 3 })
    open.push(ssc)
    graph(
      ssc,
      Array.from({ length: 60 }, (_, i) => DATA[i % 4]!),
    )
    await ssc.start()
    for (const name of ssc.outputNames) void gather(ssc, name)
    const sizes: number[] = []
    await run(ssc, 60, () => void sizes.push(localEngineOf(ssc).blocks.size))
    // Copies of tasks add blocks for a while on a busy machine; what leaks stays.
    expect(Math.min(...sizes.slice(50))).toBeLessThanOrEqual(Math.max(...sizes.slice(20, 40)))
  })
})

describe('a function that throws in the middle of a batch, the first time', () => {
  const data: Record[][] = [
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ],
    [
      ['a', 2],
      ['b', 2],
      ['c', 2],
      ['d', 1],
    ],
    [
      ['a', 1],
      ['d', 0],
    ],
  ]

  test('mapWithState: the version before is intact for the next attempt', async () => {
    const { ssc } = manual({ threads: 1, stateSnapshotInterval: 1 })
    open.push(ssc)
    const stream = ssc.queueStream(data.map((batch) => [...batch])).mapWithState(
      StateSpec.function((key: string, value: number | undefined, state: KeyState<number>) => {
        const memory = globalThis as { thrown?: boolean }
        // After a and b were updated, and a key of this batch was made and removed.
        if (key === 'd' && !memory.thrown) {
          memory.thrown = true
          throw new Error('once')
        }
        const sum = (state.getOption() ?? 0) + value!
        if (value === 0) state.remove()
        else state.update(sum)
        return [key, sum]
      }),
    )
    stream.output('mapped')
    stream.stateSnapshots().output('state')
    const retries: unknown[] = []
    ssc.on('taskRetried', ({ error }) => retries.push(error.message))
    await ssc.start()
    const outputs = Promise.all([gather(ssc, 'mapped'), gather(ssc, 'state')])
    await run(ssc, 3)
    await ssc.stop()
    const [mapped, state] = await outputs
    expect(retries).toEqual(['once'])
    expect(mapped.map(({ records }) => records)).toEqual([
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ],
      [
        ['a', 3],
        ['b', 3],
        ['c', 3],
        ['d', 1],
      ],
      [
        ['a', 4],
        ['d', 1],
      ],
    ])
    expect(state.map(({ records }) => sorted(records))).toEqual([
      sorted([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]),
      sorted([
        ['a', 3],
        ['b', 3],
        ['c', 3],
        ['d', 1],
      ]),
      sorted([
        ['a', 4],
        ['b', 3],
        ['c', 3],
      ]),
    ])
  })

  test('an incremental window: what was taken out is there again', async () => {
    const { ssc } = manual({ threads: 1 })
    open.push(ssc)
    ssc
      .queueStream([
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 2],
          ['b', 2],
        ],
        [
          ['a', 4],
          ['b', 4],
        ],
      ] as Record[][])
      .reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', {
        inverse: (a, b) => {
          const memory = globalThis as { inverses?: number }
          memory.inverses = (memory.inverses ?? 0) + 1
          // The first key has been set already.
          if (memory.inverses === 2) throw new Error('once')
          return a - b
        },
      })
      .output('window')
    let retries = 0
    ssc.on('taskRetried', () => retries++)
    await ssc.start()
    const windows = gather(ssc, 'window')
    await run(ssc, 3)
    await ssc.stop()
    expect(retries).toBe(1)
    expect((await windows).map(({ records }) => sorted(records))).toEqual([
      sorted([
        ['a', 1],
        ['b', 1],
      ]),
      sorted([
        ['a', 3],
        ['b', 3],
      ]),
      sorted([
        ['a', 6],
        ['b', 6],
      ]),
    ])
  })

  test('updateStateByKey: an answer that cannot be kept takes nothing back but itself', async () => {
    const { ssc } = manual({ threads: 1 })
    open.push(ssc)
    ssc
      .queueStream([
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 1],
          ['b', 1],
        ],
      ] as Record[][])
      .updateStateByKey(
        function* (entries: Iterable<[string, number[], number | undefined]>): Iterable<[string, number]> {
          const memory = globalThis as { entered?: number }
          memory.entered = (memory.entered ?? 0) + 1
          for (const [key, values, state] of entries) {
            if (key === 'b' && memory.entered === 2) throw new Error('once')
            yield [key, (state ?? 0) + values.length]
          }
        },
        { form: 'iterator', partitions: 1 },
      )
      .output('totals')
    let retries = 0
    ssc.on('taskRetried', () => retries++)
    await ssc.start()
    const totals = gather(ssc, 'totals')
    await run(ssc, 2)
    await ssc.stop()
    expect(retries).toBe(1)
    expect((await totals).map(({ records }) => sorted(records))).toEqual([
      sorted([
        ['a', 1],
        ['b', 1],
      ]),
      sorted([
        ['a', 2],
        ['b', 2],
      ]),
    ])
  })
})
