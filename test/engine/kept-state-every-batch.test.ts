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
import type { Event } from '../support/event-time-model.js'
import { everyBatch, type GoodBatch } from '../support/kept-state-model.js'
import { random } from './support.js'

type Readers = Record<string, BaseStream<unknown>>

/** Every operator that keeps state, read by nothing but windows that slide every so many seconds. */
function pipeline(_: StreamingContext, source: DStream<Event>, seconds: number): Readers {
  const events = source.map((event): Event => {
    if (event[0] === 'poison') throw new RangeError('poison')
    return event
  })
  const pairs = events.map(([key]): [string, number] => [key, 1])
  const timed = events.withTimestamps(([, time]) => time, { maxOutOfOrder: 300 })
  const later = events
    .map(([key, time]): Event => [key, time + 100])
    .withTimestamps(([, time]) => time, { maxOutOfOrder: 300 })
  const update = pairs.updateStateByKey<number>((values, sum) => values.length + (sum ?? 0))
  const visits = pairs
    .mapWithState(
      StateSpec.function((key: string, value: number | undefined, state: KeyState<number>) => {
        if (value === undefined) return `${key} idle ${state.get()}`
        state.update((state.getOption() ?? 0) + value)
        return `${key} ${state.get()}`
      }).timeout('2s'),
    )
    .checkpoint('4s') as ReturnType<typeof pairs.mapWithState<number, string>>
  const text = <V>(stream: BaseStream<readonly [string, V]>) => stream.map(([key, value]) => `${key} ${value}`)
  const streams: Readers = {
    update: text(update),
    updateTime: text(
      pairs.updateStateByKey<number>((_time, _key, values, sum) => values.length + (sum ?? 0), { form: 'time' }),
    ),
    updateIterator: text(
      pairs.updateStateByKey<number>(
        function* (entries) {
          for (const [key, values, sum] of entries) yield [key, values.length + (sum ?? 0)]
        },
        { form: 'iterator' },
      ),
    ),
    // State of state: the first operation counts, the second one stores the counts.
    chained: text(update.mapValues((n) => n).updateStateByKey<number>((totals, before) => totals[0] ?? before)),
    visits,
    inverseWindow: text(pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '1s', { inverse: (a, b) => a - b })),
    countByWindow: events.countByWindow('4s').map(String),
    countByValueAndWindow: text(events.map(([key]) => key).countByValueAndWindow('4s')),
    reduceByWindow: events
      .map(([, time]) => time)
      .reduceByWindow((a, b) => a + b, '4s', '1s', { inverse: (a, b) => a - b })
      .map(String),
    tumbling: timed
      .tumbling('1s')
      .countByKey()
      .map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value}`),
    sliding: timed
      .sliding('2s', '1s')
      .countByKey()
      .map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value}`),
    sessions: timed
      .session('400ms')
      .countByKey()
      .map(({ window, key, value }) => `${key} ${window.start} ${window.end} ${value}`),
    joined: timed
      .fullOuterJoinWithin(later, { lower: '-200ms', upper: '200ms' })
      .map(([key, [left, right]]) => `${key} ${left ?? '-'} ${right ?? '-'}`),
  }
  const read = Object.entries(streams).map(([name, stream]) => [name, stream.window('1s', `${seconds}s`)])
  // The mapped records and the state itself at different slides.
  return { ...Object.fromEntries(read), snapshots: text(visits.stateSnapshots()).window('1s', `${seconds + 1}s`) }
}

const SECONDS = 14
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const POISON: Event = ['poison', 0]

/** Some keys in each batch, none in some; event times up to 600 ms older than the batch. */
function eventsOf(seed: number): Event[][] {
  const next = random(seed)
  return Array.from({ length: SECONDS }, (_, i) =>
    Array.from({ length: i % 5 === 3 ? 0 : 1 + Math.floor(next() * 6) }, (): Event => {
      return [`k${Math.floor(next() * 8)}`, (i + 1) * 1000 - Math.floor(next() * 600)]
    }),
  )
}

/** Seconds of batches that fail, and are skipped. */
async function compare(
  seconds: number,
  options: RunBatchesOptions,
  { seed = seconds, poisoned = [] }: { seed?: number; poisoned?: readonly number[] } = {},
): Promise<void> {
  const events = eventsOf(seed)
  const batches = events.map((batch, i) => (poisoned.includes(i + 1) ? [...batch, POISON] : batch))
  const good: GoodBatch[] = events.flatMap((batch, i) =>
    poisoned.includes(i + 1) ? [] : [{ time: i + 1, events: batch }],
  )
  const model = everyBatch(good)
  const outputs = (await runBatches((ssc, source: DStream<Event>) => pipeline(ssc, source, seconds), [batches], {
    stateSnapshotInterval: 3,
    logger: QUIET,
    ...options,
  } as RunBatchesOptions)) as unknown as Record<string, OutputBatch<string>[]>
  for (const [name, given] of Object.entries(outputs)) {
    const slide = name === 'snapshots' ? seconds + 1 : seconds
    const expected = good.flatMap(({ time }, i) => (time % slide === 0 ? [[time, model[i]![name]]] : []))
    // A batch that is done again after a restart is listed twice.
    const got = new Map(given.map(({ time, records }) => [time / 1000, [...records].sort()]))
    expect(
      [...got].sort(([a], [b]) => a - b),
      `${name} every ${slide} s`,
    ).toEqual(expected)
  }
}

describe.each([1, 2])('kept state that is read at longer slides, %i threads', (threads) => {
  test.each([1, 2, 3, 5])('every %i s, it holds every batch', (seconds) => compare(seconds, { threads }))

  test.each([2, 3, 5])('every %i s, threads die', (seconds) =>
    compare(seconds, { threads, spare: true, kill: (batch) => (batch % 3 === 1 ? batch % threads : undefined) }),
  )

  test.each([
    [2, 5],
    [3, 7],
    [5, 8],
    [5, 10],
  ])('every %i s, the process ends after batch %i', (seconds, restartAfter) =>
    compare(seconds, { threads, restartAfter }),
  )

  test.each([2, 3])('every %i s, batches fail and are skipped', (seconds) =>
    // 3 and 7: nothing reads the state. 6 and 12: the outputs fail with it.
    compare(seconds, { threads, onBatchError: 'skip', maxFailures: 1 }, { poisoned: [3, 6, 7, 12] }),
  )
})

test('any slide, kills, skipped batches and a restart together', async () => {
  for (const seed of [11, 12, 13, 14]) {
    const next = random(seed)
    const up = (n: number) => 1 + Math.floor(next() * n)
    const kills = new Set([up(SECONDS), up(SECONDS), up(SECONDS)])
    const poisoned = [up(SECONDS), up(SECONDS)]
    const seconds = 1 + up(4)
    await compare(
      seconds,
      {
        threads: up(2),
        spare: true,
        kill: (batch) => (kills.has(batch) ? 0 : undefined),
        restartAfter: up(SECONDS - 1),
        stateSnapshotInterval: up(4),
        onBatchError: 'skip',
      },
      { seed, poisoned },
    )
  }
})
