import { streamTable } from '../support/stream-table.js'

type Click = [page: string, time: number]

streamTable<[Click, Click]>(
  'two streams of event time',
  [
    [[['a', 1000]], [['b', 5000]], [['c', 9000]], [], []],
    [[['a', 2500]], [], [['b', 4000]], [], [['x', 500]]],
  ],
  [
    {
      name: 'united have the lesser watermark',
      of: (left, right) => {
        const events = left.withTimestamps(([, t]) => t).union(right.withTimestamps(([, t]) => t))
        return events
          .tumbling('1s')
          .count()
          .map(({ window }) => window.start)
      },
      expected: [
        [1, []],
        [2, []],
        [3, [1000]],
        [4, [2000]],
        [5, []],
      ],
    },
    {
      name: 'united: one that is idle does not hold the other back, and brings late records when it returns',
      of: (left, right) => {
        const [l, r] = [left, right].map((s) => s.withTimestamps(([, t]) => t, { idleAfter: '1s' }))
        return l!
          .union(r!)
          .tumbling('1s')
          .count()
          .map(({ window }) => window.start)
      },
      expected: [
        [1, []],
        [2, []],
        // The right one had nothing in batch 2, so the left one's 5 s count; its record of 4 s has come in time.
        [3, [1000, 2000, 4000]],
        [4, []],
        // The left stream had nothing in batch 4, so neither stream is ahead of the watermark.
        [5, []],
      ],
    },
    {
      name: 'joined by time',
      of: (left, right) =>
        left
          .withTimestamps(([, t]) => t)
          .joinWithin(
            right.withTimestamps(([, t]) => t),
            { lower: '-1s', upper: '2s' },
          ),
      expected: [
        [1, [['a', [1000, 2500]]]],
        [2, []],
        [3, [['b', [5000, 4000]]]],
        [4, []],
        [5, []],
      ],
    },
    {
      name: 'joined: what meets nothing is given once nothing can meet it',
      of: (left, right) =>
        left
          .withTimestamps(([, t]) => t)
          .fullOuterJoinWithin(
            right.withTimestamps(([, t]) => t),
            { lower: 0, upper: 100 },
          ),
      expected: [
        [1, []],
        [2, []],
        [3, [['a', [1000, undefined]]]],
        [4, [['a', [undefined, 2500]]]],
        [5, []],
      ],
    },
    {
      name: 'joined: only the right side is given alone',
      of: (left, right) =>
        left
          .withTimestamps(([, t]) => t)
          .rightOuterJoinWithin(
            right.withTimestamps(([, t]) => t),
            { lower: 0, upper: 100 },
          ),
      expected: [
        [1, []],
        [2, []],
        [3, []],
        [4, [['a', [undefined, 2500]]]],
        [5, []],
      ],
    },
    {
      name: 'joined: late records of both sides',
      of: (left, right) =>
        left
          .withTimestamps(([, t]) => t)
          .leftOuterJoinWithin(
            right.withTimestamps(([, t]) => t),
            { lower: 0, upper: 100 },
          )
          .lateRecords(),
      expected: [
        [1, []],
        [2, []],
        [3, []],
        [4, []],
        [5, [[500, ['x', 500]]]],
      ],
    },
    {
      name: 'outer joins hold their results back by as much as they are old: windows over them lose nothing',
      of: (left, right) =>
        left
          .withTimestamps(([, t]) => t)
          .leftOuterJoinWithin(
            right.withTimestamps(([, t]) => t),
            { lower: 0, upper: '1s' },
          )
          .tumbling('1s')
          .count()
          .map(({ window }) => window.start),
      expected: [
        [1, []],
        [2, []],
        [3, []],
        [4, [1000]],
        [5, []],
      ],
    },
  ],
)
