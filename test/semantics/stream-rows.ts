import type { DStream, KeyState, StreamingContext } from 'millrace'
import { StateSpec, type Stream } from 'millrace'
import { cogrouped, groups, joinedBy, keyed, keyText } from './naive.js'

export type Pair = [unknown, unknown]

/** What came up to a batch, in plain arrays. */
export interface Past {
  /** From 1. */
  readonly batch: number
  /** Of this batch. */
  readonly pairs: readonly Pair[]
  readonly others: readonly Pair[]
  /** All batches up to this one. */
  readonly all: readonly (readonly Pair[])[]
  /** The records of the last `n` batches. */
  last(n: number): readonly Pair[]
}

export interface StreamRow {
  readonly shows: readonly string[]
  readonly of: (pairs: DStream<Pair>, others: DStream<Pair>, ssc: StreamingContext) => Stream<unknown>
  readonly model: (past: Past) => readonly unknown[]
  /** Batches between two results. */
  readonly slide?: number
}

const unique = (pairs: readonly unknown[]): unknown[] => groups(pairs, (pair) => pair).map(({ key }) => key)
const values = (pairs: readonly Pair[]): unknown[] => pairs.map(([, value]) => value)
const listed = (pairs: readonly Pair[]): Pair[] => keyed(pairs).map(({ key, values }) => [key, values])
const counted = (pairs: readonly Pair[]): Pair[] => keyed(pairs).map(({ key, values }) => [key, values.length])
const everSeen = ({ all }: Past): Pair[] => counted(all.flat())

/** Operations within a batch. */
export const BATCH_ROWS: readonly StreamRow[] = [
  {
    shows: ['map'],
    of: (s) => s.map(([key, value]) => [value, key]),
    model: ({ pairs }) => pairs.map(([k, v]) => [v, k]),
  },
  {
    shows: ['filter'],
    of: (s) => s.filter(([, value]) => Boolean(value)),
    model: ({ pairs }) => pairs.filter(([, v]) => v),
  },
  {
    shows: ['flatMap'],
    of: (s) => s.flatMap(([key, value]) => (value === null ? [] : [key, value])),
    model: ({ pairs }) => pairs.flatMap(([k, v]) => (v === null ? [] : [k, v])),
  },
  {
    shows: ['mapPartitions'],
    of: (s) => s.mapPartitions((records) => [...records].map(([, value]) => [value])),
    model: ({ pairs }) => values(pairs).map((v) => [v]),
  },
  { shows: ['mapAsync'], of: (s) => s.mapAsync(async (pair) => pair), model: ({ pairs }) => pairs },
  {
    shows: ['mapAsync', 'repartition'],
    of: (s) => s.mapAsync(async (pair) => pair, { ordered: false }).repartition(3),
    model: ({ pairs }) => pairs,
  },
  {
    shows: ['mapPartitionsAsync'],
    of: (s) => s.mapPartitionsAsync(async (records) => [...records]),
    model: ({ pairs }) => pairs,
  },
  { shows: ['glom'], of: (s) => s.glom().mapPartitions((parts) => [...parts].flat(1)), model: ({ pairs }) => pairs },
  { shows: ['mapValues'], of: (s) => s.mapValues((v) => [v]), model: ({ pairs }) => pairs.map(([k, v]) => [k, [v]]) },
  {
    shows: ['flatMapValues'],
    of: (s) => s.flatMapValues((v) => [v, 1]),
    model: ({ pairs }) =>
      pairs.flatMap(([k, v]) => [
        [k, v],
        [k, 1],
      ]),
  },
  { shows: ['repartition'], of: (s) => s.repartition(4), model: ({ pairs }) => pairs },
  {
    shows: ['transform'],
    of: (s) => s.transform((rdd) => rdd.map(([key]) => key).distinct()),
    model: ({ pairs }) => unique(pairs.map(([key]) => key)),
  },
  {
    shows: ['transformWith'],
    of: (s, others) => s.transformWith(others, (mine, theirs) => mine.subtractByKey(theirs)),
    model: ({ pairs, others }) => pairs.filter(([k]) => !others.some(([o]) => keyText(o) === keyText(k))),
  },
  { shows: ['union'], of: (s, others) => s.union(others), model: ({ pairs, others }) => [...pairs, ...others] },
  {
    shows: ['union'],
    of: (s, others, ssc) => ssc.union([s, others, s]),
    model: ({ pairs, others }) => [...pairs, ...others, ...pairs],
  },
  {
    shows: ['transform'],
    of: (s, others, ssc) => ssc.transform([s, others], ([mine, theirs]) => mine!.union(theirs!)),
    model: ({ pairs, others }) => [...pairs, ...others],
  },
  { shows: ['count'], of: (s) => s.count(), model: ({ pairs }) => [pairs.length] },
  {
    shows: ['reduce'],
    of: (s) =>
      s
        .map((pair) => [pair])
        .reduce((a, b) => a.concat(b))
        .map((all) => all.length),
    model: ({ pairs }) => (pairs.length === 0 ? [] : [pairs.length]),
  },
  {
    shows: ['countByValue'],
    of: (s) => s.map(([key]) => key).countByValue(),
    model: ({ pairs }) => counted(pairs),
  },
  { shows: ['groupByKey'], of: (s) => s.groupByKey(), model: ({ pairs }) => listed(pairs) },
  {
    shows: ['reduceByKey'],
    of: (s) => s.mapValues((v) => [v]).reduceByKey((a, b) => a.concat(b)),
    model: ({ pairs }) => listed(pairs),
  },
  {
    shows: ['combineByKey'],
    of: (s) =>
      s.combineByKey(
        (value) => [value],
        (all, value) => {
          all.push(value)
          return all
        },
        (a, b) => a.concat(b),
      ),
    model: ({ pairs }) => listed(pairs),
  },
  { shows: ['cogroup'], of: (s, others) => s.cogroup(others), model: ({ pairs, others }) => cogrouped(pairs, others) },
  ...(
    [
      ['join', false, false],
      ['leftOuterJoin', true, false],
      ['rightOuterJoin', false, true],
      ['fullOuterJoin', true, true],
    ] as const
  ).map(
    ([name, left, right]): StreamRow => ({
      shows: [name],
      of: (s, others) => s[name](others),
      model: ({ pairs, others }) => joinedBy(left, right, pairs, others),
    }),
  ),
  {
    shows: ['takeOrdered', 'top'],
    of: (s) => {
      const sizes = s.map(([key]) => String(key).length)
      return sizes.top(2).union(sizes.takeOrdered(1))
    },
    model: ({ pairs }) => {
      const sizes = pairs.map(([key]) => String(key).length).sort((a, b) => b - a)
      return [...sizes.slice(0, 2), ...sizes.slice(-1)]
    },
  },
  {
    shows: ['deadLetters'],
    of: (s) => {
      const kept = s.map(
        (pair) => {
          if (pair[1] === null) throw new Error('none')
          return 'kept'
        },
        { onRecordError: 'dead-letter' },
      )
      return kept.union(kept.deadLetters().map(({ record }) => record))
    },
    model: ({ pairs }) => pairs.map((pair) => (pair[1] === null ? pair : 'kept')),
  },
  { shows: ['persist', 'cache'], of: (s) => s.map((pair) => pair).cache(), model: ({ pairs }) => pairs },
]

/** Windows over batches. */
export const WINDOW_ROWS: readonly StreamRow[] = [
  ...[
    [3, 1],
    [2, 2],
    [1, 3],
  ].flatMap(([length, slide]): StreamRow[] => {
    const [long, far] = [`${length}s`, `${slide}s`] as const
    const window = (past: Past) => past.last(length!)
    const rows: StreamRow[] = [
      { shows: ['window'], of: (s) => s.window(long, far), model: window },
      {
        shows: ['groupByKeyAndWindow'],
        of: (s) => s.groupByKeyAndWindow(long, far),
        model: (past) => listed(window(past)),
      },
      {
        shows: ['reduceByKeyAndWindow'],
        of: (s) => s.mapValues((v) => [v]).reduceByKeyAndWindow((a, b) => a.concat(b), long, far),
        model: (past) => listed(window(past)),
      },
      {
        shows: ['countByValueAndWindow'],
        of: (s) => s.map(([key]) => key).countByValueAndWindow(long, far),
        model: (past) => counted(window(past)),
      },
      {
        shows: ['countByWindow'],
        of: (s) => s.countByWindow(long, far),
        // Nothing before the first record that any window has had.
        model: (past) => (fired(past, length!, slide!).some((pairs) => pairs.length > 0) ? [window(past).length] : []),
      },
      {
        shows: ['reduceByWindow'],
        of: (s) =>
          s
            .map((pair) => [pair])
            .reduceByWindow((a, b) => a.concat(b), long, far)
            .map((all) => all.length),
        model: (past) => (window(past).length === 0 ? [] : [window(past).length]),
      },
      {
        shows: ['reduceByKeyAndWindow'],
        of: (s) => s.mapValues(() => 1).reduceByKeyAndWindow((a, b) => a + b, long, far, { inverse: (a, b) => a - b }),
        // A key that ever was in a window stays.
        model: (past) =>
          keyed(fired(past, length!, slide!).flat()).map(({ key }) => [
            key,
            window(past).filter(([other]) => keyText(other) === keyText(key)).length,
          ]),
      },
    ]
    return rows.map((row) => ({ ...row, slide: slide! }))
  }),
]

/** The windows that have fired so far. */
function fired({ all, batch }: Past, length: number, slide: number): (readonly Pair[])[] {
  const windows: (readonly Pair[])[] = []
  for (let end = slide; end <= batch; end += slide) windows.push(all.slice(Math.max(0, end - length), end).flat())
  return windows
}

/** State by key. */
export const STATE_ROWS: readonly StreamRow[] = [
  {
    shows: ['updateStateByKey'],
    of: (s) => s.updateStateByKey<number>((values, n) => (n ?? 0) + values.length),
    model: everSeen,
  },
  {
    shows: ['updateStateByKey'],
    of: (s) =>
      s
        .updateStateByKey<{ all: unknown[] }>((values, state) => {
          const kept = state ?? { all: [] }
          kept.all.push(...values)
          return kept
        })
        .mapValues(({ all }) => all),
    model: ({ all }) => listed(all.flat()),
  },
  {
    shows: ['updateStateByKey'],
    slide: 3,
    of: (s) => s.updateStateByKey<number>((values, n) => (n ?? 0) + values.length).window('1s', '3s'),
    model: everSeen,
  },
  {
    // A key leaves when it has no values.
    shows: ['updateStateByKey'],
    of: (s) => s.updateStateByKey<number>((values, n) => (values.length === 0 ? undefined : (n ?? 0) + values.length)),
    model: ({ all, pairs }) =>
      counted(pairs).map(([key]) => {
        let n = 0
        for (let i = all.length - 1; i >= 0; i--) {
          const here = all[i]!.filter(([other]) => keyText(other) === keyText(key)).length
          if (here === 0) break
          n += here
        }
        return [key, n]
      }),
  },
  {
    shows: ['mapWithState'],
    of: (s) =>
      s.mapWithState(
        StateSpec.function((key: unknown, _value: unknown, state: KeyState<number>) => {
          state.update((state.getOption() ?? 0) + 1)
          return [key, state.get()]
        }),
      ),
    model: ({ all, pairs }) => {
      const before = all.slice(0, -1).flat()
      return keyed(pairs).flatMap(({ key, values }) => {
        const n = before.filter(([other]) => keyText(other) === keyText(key)).length
        return values.map((_, i) => [key, n + i + 1])
      })
    },
  },
  {
    shows: ['mapWithState'],
    slide: 2,
    of: (s) =>
      s
        .mapWithState(
          StateSpec.function((_key: unknown, _value: unknown, state: KeyState<number>) => {
            state.update((state.getOption() ?? 0) + 1)
            return null
          }),
        )
        .stateSnapshots()
        .window('1s', '2s'),
    model: everSeen,
  },
]
