import {
  type BaseStream,
  type DStream,
  type KeyState,
  type OutputBatch,
  StateSpec,
  type StreamingContext,
} from 'millrace'
import { type RunBatchesOptions, runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

/** A key, how much to add, and what goes wrong: once in this thread and batch, or always. */
type Event = [key: string, n: number, fault?: 'once' | 'always', batch?: number]
interface Sum {
  n: number
  all: number[]
}

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

/** Every operator that keeps state, by functions that change what they are given and then may throw. */
function pipeline(_: StreamingContext, events: DStream<Event>): Record<string, BaseStream<[string, number]>> {
  const pairs = events.map(([key, ...rest]): [string, [number, Event[2]?, number?]] => [key, rest])
  const sums = events.map(([key, n, fault]): [string, Sum & { fault?: string }] => [key, { n, all: [n], fault }])
  const timed = events
    .withTimestamps(([, n]) => n * 100)
    .map(([key, n, fault]): [string, Sum & { fault?: string }] => [key, { n, all: [n], fault }])
  const update = pairs.updateStateByKey<Sum>((values, state = { n: 0, all: [] }) => {
    for (const [n] of values) {
      state.n += n
      state.all.push(n)
    }
    for (const [, fault, batch] of values) {
      const memory = globalThis as unknown as Record<string, boolean>
      if (fault === 'once' && memory[`update ${batch}`]) continue
      memory[`update ${batch}`] = true
      if (fault) throw new Error(fault)
    }
    return state
  })
  const iterator = pairs.updateStateByKey<Sum>(
    function* (entries) {
      for (const [key, values, state = { n: 0, all: [] }] of entries) {
        for (const [n] of values) {
          state.n += n
          state.all.push(n)
        }
        if (values.some(([, fault]) => fault === 'always')) throw new Error('always')
        yield [key, state]
      }
    },
    { form: 'iterator' },
  )
  // The first record of a key sets the state; later ones change it in place, without update().
  const map = pairs.mapWithState(
    StateSpec.function((key: string, value: [number, Event[2]?, number?] | undefined, state: KeyState<Sum>) => {
      if (!state.exists()) state.update({ n: 0, all: [] })
      const sum = state.get()
      const [n, fault, batch] = value!
      sum.n += n
      sum.all.push(n)
      const memory = globalThis as unknown as Record<string, boolean>
      if (fault && !(fault === 'once' && memory[`map ${batch}`])) {
        memory[`map ${batch}`] = true
        throw new Error(fault)
      }
      // The next operation receives the state object itself.
      return [key, sum] as [string, Sum]
    }),
  )
  const add = (a: Sum & { fault?: string }, b: Sum & { fault?: string }) => {
    a.n += b.n
    a.all.push(...b.all)
    if (b.fault === 'always') throw new Error('always')
    return a
  }
  const subtract = (a: Sum, b: Sum) => {
    a.n -= b.n
    a.all.splice(0, b.all.length)
    return a
  }
  const window = sums.reduceByKeyAndWindow(add, '3s', '1s', { inverse: subtract })
  /** Reads a sum, and then spoils it, as an operation after the state may. */
  const named = (stream: BaseStream<[string, Sum]>) =>
    stream.map((pair): [string, number] => {
      const key = pair[0]
      const { n, all } = pair[1]
      const right = all.reduce((a, b) => a + b, 0) === n
      pair[1].n = -1000
      pair[1].all.length = 0
      return [right ? key : `${key}: all and n differ`, n]
    })
  return {
    update: named(update),
    // Again, of the same batch.
    updateAgain: named(update),
    // State of state: what it keeps is its own.
    stateOfState: named(update.updateStateByKey<Sum>((values, state) => values[0] ?? state)),
    iterator: named(iterator),
    map: named(map),
    mapAgain: named(map),
    snapshots: named(map.stateSnapshots()),
    window: named(window),
    tumbling: named(
      timed
        .tumbling('1s')
        .reduceByKey(add)
        .map(({ key, value }): [string, Sum] => [key, value]),
    ),
    sliding: named(
      timed
        .sliding('3s', '1s')
        .reduceByKey(add)
        .map(({ key, value }): [string, Sum] => [key, value]),
    ),
    session: named(
      timed
        .session('300ms')
        .reduceByKey(add)
        .map(({ key, value }): [string, Sum] => [key, value]),
    ),
  }
}

const BATCHES = 10

function events(): Event[][] {
  return Array.from({ length: BATCHES }, (_, i) =>
    ['a', 'b', 'c', 'd'].flatMap((key, k): Event[] => (k > 0 && (i + k) % 3 === 0 ? [] : [[key, i + 1]])),
  )
}

/** The same by functions that change nothing, in one thread that nothing happens to. */
function model(batches: readonly (readonly Event[])[]) {
  const totals = new Map<string, number>()
  return batches.map((batch, i) => {
    for (const [key, n] of batch) totals.set(key, (totals.get(key) ?? 0) + n)
    const inWindow = new Map([...totals.keys()].map((key) => [key, 0]))
    for (const [key, n] of batches.slice(Math.max(0, i - 2), i + 1).flat()) inWindow.set(key, inWindow.get(key)! + n)
    const live = [...totals].sort()
    const seen = new Set(batch.map(([key]) => key))
    return { live, mapped: live.filter(([key]) => seen.has(key)), window: [...inWindow].sort() }
  })
}

async function outcome(batches: readonly Event[][], options: RunBatchesOptions) {
  const outputs = (await runBatches(pipeline, [batches], {
    stateSnapshotInterval: 3,
    logger: QUIET,
    ...options,
  } as RunBatchesOptions)) as Record<string, OutputBatch<[string, number]>[]>
  return Object.fromEntries(
    Object.entries(outputs).map(([name, given]) => [
      name,
      [...new Map(given.map(({ time, records }) => [time / 1000, [...records].sort()]))].sort(([a], [b]) => a - b),
    ]),
  )
}

async function compare(batches: readonly Event[][], options: RunBatchesOptions): Promise<void> {
  const skipped = (batch: readonly Event[]) => batch.some(([, , fault]) => fault === 'always')
  const times = batches.flatMap((batch, i) => (skipped(batch) ? [] : [i + 1]))
  const good = batches.filter((batch) => !skipped(batch))
  const expected = model(good)
  const at = (name: 'live' | 'mapped' | 'window') => times.map((time, i) => [time, expected[i]![name]])
  const got = await outcome(batches, options)
  const { tumbling, sliding, session, window, ...kept } = got
  expect(kept).toEqual({
    update: at('live'),
    updateAgain: at('live'),
    stateOfState: at('live'),
    iterator: at('live'),
    map: at('mapped'),
    mapAgain: at('mapped'),
    snapshots: at('live'),
  })
  // A key's only value is reduced with nothing, so which batches fail for these depends on the keys.
  if (good.length === batches.length) {
    const clean = await outcome(good, { threads: 1 })
    expect(window).toEqual(at('window'))
    expect({ tumbling, sliding, session }).toEqual({
      tumbling: clean.tumbling,
      sliding: clean.sliding,
      session: clean.session,
    })
  }
  expect(JSON.stringify(got)).not.toContain('differ')
}

/** Puts a fault into some batches, after records that were dealt with before it. */
function withFaults(fault: 'once' | 'always', ...at: number[]): Event[][] {
  return events().map((batch, i) =>
    at.includes(i + 1)
      ? batch.map(([key, n], k): Event => [key, n, k === batch.length - 1 ? fault : undefined, i + 1])
      : batch,
  )
}

describe.each([1, 2])('functions that change values in place, %i threads', (threads) => {
  test('nothing happens: operations after the state see copies', () => compare(events(), { threads }))

  test('attempts throw and are repeated', () => compare(withFaults('once', 2, 5, 6, 9), { threads }))

  test('batches are skipped', () =>
    compare(withFaults('always', 3, 4, 8), { threads, onBatchError: 'skip', maxFailures: 1 }))

  test('threads die', () =>
    compare(events(), { threads, spare: true, kill: (batch) => (batch % 2 === 0 ? (batch / 2) % threads : undefined) }))

  test('threads die and attempts throw', () =>
    compare(withFaults('once', 3, 7, 8), { threads, spare: true, kill: (batch) => (batch % 3 === 0 ? 0 : undefined) }))

  test('the process ends', () => compare(events(), { threads, restartAfter: 5 }))
})
