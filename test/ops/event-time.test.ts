import { type DStream, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { streamTable } from '../support/stream-table.js'

type Click = [page: string, time: number]

const timed = (clicks: DStream<Click>) => clicks.withTimestamps(([, time]) => time, { maxOutOfOrder: '1s' })

/** Newest times 3.1, 6, 6, 20, 20 s: the watermarks of the batches are none, 2.1, 5, 5, 19, 19 s. */
const CLICKS: Click[][] = [
  [
    ['a', 100],
    ['b', 900],
    ['a', 3100],
  ],
  [
    ['a', 6000],
    ['a', 1500],
  ],
  [['b', 200]],
  [['b', 20_000]],
  [],
  [['c', 4000]],
]

streamTable<[Click]>(
  'windows of event time',
  [CLICKS],
  [
    {
      name: 'are given once, when the watermark has passed their end, and take what comes before that',
      of: (clicks) => timed(clicks).tumbling('2s').countByKey(),
      expected: [
        [1, []],
        [
          2,
          [
            { window: { start: 0, end: 2000 }, key: 'a', value: 2 },
            { window: { start: 0, end: 2000 }, key: 'b', value: 1 },
          ],
        ],
        [3, [{ window: { start: 2000, end: 4000 }, key: 'a', value: 1 }]],
        [4, []],
        [5, [{ window: { start: 6000, end: 8000 }, key: 'a', value: 1 }]],
        [6, []],
      ],
    },
    {
      name: 'refuse records whose windows were given',
      of: (clicks) => timed(clicks).tumbling('2s').countByKey().lateRecords(),
      expected: [
        [1, []],
        [2, []],
        [3, [[200, ['b', 200]]]],
        [4, []],
        [5, []],
        [6, [[4000, ['c', 4000]]]],
      ],
    },
    {
      name: 'are given again for records within the allowed lateness',
      of: (clicks) =>
        timed(clicks)
          .tumbling('2s', { allowedLateness: '4s' })
          .countByKey()
          .filter(({ window, key }) => window.start === 0 && key === 'b'),
      expected: [
        [1, []],
        [2, [{ window: { start: 0, end: 2000 }, key: 'b', value: 1 }]],
        [3, [{ window: { start: 0, end: 2000 }, key: 'b', value: 2 }]],
        [4, []],
        [5, []],
        [6, []],
      ],
    },
    {
      name: 'begin at multiples of their length and the offset',
      of: (clicks) =>
        timed(clicks)
          .tumbling('2s', { offset: '-500ms' })
          .count()
          .map(({ window, value }) => [window.start, value]),
      expected: [
        [1, []],
        [2, [[-500, 2]]],
        [3, [[1500, 2]]],
        [4, []],
        [5, [[5500, 1]]],
        [6, []],
      ],
    },
    {
      name: 'slide: a record is in each that holds its time',
      of: (clicks) =>
        timed(clicks)
          .sliding('3s', '2s')
          .count()
          .map(({ window, value }) => [window.start, value]),
      expected: [
        [1, []],
        [2, [[-2000, 2]]],
        // The record of 200 ms is late for the first, and in time for the second.
        [
          3,
          [
            [0, 4],
            [2000, 1],
          ],
        ],
        [4, []],
        [
          5,
          [
            [4000, 1],
            [6000, 1],
          ],
        ],
        [6, []],
      ],
    },
    {
      name: 'sessions end after the gap, and records between two make them one',
      of: (clicks) => timed(clicks).session('2s').countByKey(),
      expected: [
        [1, []],
        [2, []],
        [3, [{ window: { start: 200, end: 2900 }, key: 'b', value: 2 }]],
        [4, []],
        [
          5,
          [
            { window: { start: 100, end: 5100 }, key: 'a', value: 3 },
            { window: { start: 6000, end: 8000 }, key: 'a', value: 1 },
          ],
        ],
        [6, []],
      ],
    },
    {
      name: 'reduce, fold, group and count by value, over all records and by key',
      of: (clicks) => {
        const events = timed(clicks)
        const times = events.mapValues((time) => time / 100)
        return events
          .map(([, time]) => time)
          .tumbling('2s')
          .reduce((a, b) => Math.max(a, b))
          .map(({ value }): unknown => value)
          .union(
            times
              .tumbling('2s')
              .reduceByKey((a, b) => a + b)
              .map(({ key, value }) => `sum ${key} ${value}`),
          )
          .union(
            times
              .tumbling('2s')
              .groupByKey()
              .map(({ key, value }) => `all ${key} ${value.sort((a, b) => a - b)}`),
          )
          .union(
            times
              .tumbling('2s')
              .aggregateByKey(0, (n, v) => Math.max(n, v), Math.max)
              .map(({ key, value }) => `max ${key} ${value}`),
          )
          .union(
            events
              .tumbling('2s')
              .aggregate(
                [] as string[],
                (keys, [key]) => [...keys, key],
                (a, b) => [...a, ...b],
              )
              .map(({ value }) => `keys ${value.sort()}`),
          )
          .union(
            events
              .map(([key]) => key)
              .tumbling('2s')
              .countByValue()
              .map(({ key, value }) => `${key}: ${value}`),
          )
          .filter((_) => true)
      },
      expected: [
        [1, []],
        [
          2,
          [1500, 'sum a 16', 'sum b 9', 'all a 1,15', 'all b 9', 'max a 15', 'max b 9', 'keys a,a,b', 'a: 2', 'b: 1'],
        ],
        [3, [3100, 'sum a 31', 'all a 31', 'max a 31', 'keys a', 'a: 1']],
        [4, []],
        [5, [6000, 'sum a 60', 'all a 60', 'max a 60', 'keys a', 'a: 1']],
        [6, []],
      ],
    },
    {
      name: 'over windows lose nothing',
      of: (clicks) =>
        timed(clicks)
          .tumbling('1s')
          .countByKey()
          .tumbling('2s')
          .aggregate(
            0,
            (sum, { value }) => sum + value,
            (a, b) => a + b,
          )
          .tumbling('4s')
          .aggregate(
            0,
            (sum, { value }) => sum + value,
            (a, b) => a + b,
          )
          .map(({ window, value }) => [window.start, value]),
      expected: [
        [1, []],
        [2, []],
        [3, [[0, 4]]],
        [4, []],
        [5, [[4000, 1]]],
        [6, []],
      ],
    },
    {
      name: 'are much longer than batches, or much shorter',
      of: (clicks) =>
        timed(clicks)
          .tumbling('1m')
          .count()
          .union(timed(clicks).tumbling(10).count())
          .map(({ window, value }) => [window.start, value]),
      expected: [
        [1, []],
        [
          2,
          [
            [100, 1],
            [900, 1],
            [1500, 1],
          ],
        ],
        [3, [[3100, 1]]],
        [4, []],
        [5, [[6000, 1]]],
        [6, []],
      ],
    },
  ],
)

test('batches without a dataset: windows are given all the same', async () => {
  const counts = await runBatches<[Click], DStream<unknown>>(
    (_, clicks) =>
      clicks
        .withTimestamps(([, time]) => time)
        .tumbling('1s')
        .count() as DStream<unknown>,
    [
      [
        null,
        [
          ['a', 500],
          ['a', 1700],
        ],
        null,
        null,
      ],
    ],
  )
  expect(counts).toEqual([
    { time: 2000, records: [] },
    { time: 3000, records: [{ window: { start: 0, end: 1000 }, value: 1 }] },
    { time: 4000, records: [] },
  ])
})

test('late records and watermarks are counted in each batch, once, whatever is killed', async () => {
  const seen: unknown[] = []
  await runBatches(
    (ssc, clicks: DStream<Click>) => {
      const counts = timed(clicks).tumbling('2s').countByKey()
      const context = ssc as unknown as StreamingContext
      context.on('batchCompleted', ({ eventTime }) => {
        seen.push(
          eventTime!.map(({ name, ...rest }) => ({ name: name.replace(/#.*/, ''), ...rest, stream: undefined })),
        )
      })
      return { counts, again: counts.map(({ key }) => key), late: counts.lateRecords() }
    },
    [CLICKS],
    { threads: 2, kill: (batch) => batch % 2 },
  )
  const info = (watermark: number | undefined, late: number, latest?: number) => [
    { name: 'withTimestamps', watermark, late: 0, ...(latest === undefined ? {} : { latest }) },
    { name: 'countByKey', watermark, late },
  ]
  expect(seen).toEqual([
    info(undefined, 0, 3100),
    info(2100, 0, 6000),
    info(5000, 1, 200),
    info(5000, 0, 20_000),
    info(19_000, 0),
    info(19_000, 1, 4000),
  ])
})

test('dates are times', async () => {
  const counts = await runBatches(
    (_, dates: DStream<Date>) =>
      dates
        .withTimestamps((date) => date)
        .tumbling('1d')
        .count(),
    [[[new Date('2024-02-28T23:59:59Z'), new Date('2024-03-01T00:00:00Z')], []]],
  )
  expect(counts[1]!.records).toEqual([
    { window: { start: Date.UTC(2024, 1, 28), end: Date.UTC(2024, 1, 29) }, value: 1 },
  ])
})

describe('what is refused', () => {
  test.each(['nonsense', Number.NaN, undefined, new Date('nonsense')])('the time %s of a record', async (time) => {
    const run = runBatches(
      (_, s: DStream<unknown>) =>
        s
          .withTimestamps((t) => t as number)
          .tumbling(1)
          .count(),
      [[[time]]],
      {
        maxFailures: 1,
      },
    )
    await expect(run).rejects.toThrow(/withTimestamps#1: the function returned .* must return the record's time/)
  })

  const ssc = new StreamingContext({ batchInterval: '1s' })
  const pairs = ssc.queueStream<[string, number]>([])
  const events = pairs.withTimestamps(([, time]) => time)
  test.each<[string, () => unknown, RegExp]>([
    ['no function', () => pairs.withTimestamps(1 as never), /withTimestamps got number/],
    [
      'an option by another name',
      () => pairs.withTimestamps(([, t]) => t, { max: 1 } as never),
      /'max'. Known: maxOutOfOrder/,
    ],
    ['a negative bound', () => pairs.withTimestamps(([, t]) => t, { maxOutOfOrder: -1 }), /maxOutOfOrder is -1/],
    [
      'an idle time that is no multiple',
      () => pairs.withTimestamps(([, t]) => t, { idleAfter: 1500 }),
      /idleAfter is 1500ms; it must be a multiple/,
    ],
    ['a window without length', () => events.tumbling(0), /The window size is 0/],
    ['a slide longer than the window', () => events.sliding('1s', '2s'), /the slide is 2s and the size 1s/],
    ['an offset that is none', () => events.tumbling('1s', { offset: 'noon' }), /The offset is "noon"/],
    ['sessions with an offset', () => events.session('1s', { offset: 1 } as never), /'offset'. Known: allowedLateness/],
    [
      'a join with a plain stream',
      () => events.joinWithin(pairs as never, { lower: 0, upper: 1 }),
      /the other one has no event times/,
    ],
    ['a join without bounds', () => events.joinWithin(events, undefined as never), /needs its bounds/],
    [
      'bounds the wrong way round',
      () => events.joinWithin(events, { lower: '1m', upper: '-1m' }),
      /lower is 1m and upper -1m/,
    ],
    ['a bound that is no whole number', () => events.joinWithin(events, { lower: 0.5, upper: 1 }), /lower is 0.5/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })
})
