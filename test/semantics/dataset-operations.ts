import { listed, type Row, same, sum, unique } from './dataset-row.js'
import type { Pair } from './edge-datasets.js'
import { cogrouped, groups, joinedBy, keyed } from './naive.js'

export const OPERATION_ROWS: readonly Row[] = [
  // Element by element.
  {
    shows: ['map'],
    run: ({ values }) => values.map((value) => [value]).collect(),
    model: ({ values }) => values.map((value) => [value]),
  },
  {
    shows: ['filter'],
    run: ({ values }) => values.filter((value) => Boolean(value)).collect(),
    model: ({ values }) => values.filter(Boolean),
  },
  {
    shows: ['flatMap'],
    run: ({ values }) => values.flatMap((value) => (value === null ? [] : [value, undefined])).collect(),
    model: ({ values }) => values.flatMap((value) => (value === null ? [] : [value, undefined])),
  },
  {
    shows: ['mapPartitions'],
    run: ({ values }) => values.mapPartitions((records) => [[...records].length]).collect(),
    model: ({ parts }) => parts.map((part) => part.length),
  },
  {
    shows: ['mapPartitionsWithIndex'],
    run: ({ values }) =>
      values.mapPartitionsWithIndex((i, records) => [...records].map((value) => [i, value])).collect(),
    model: ({ parts }) => parts.flatMap((part, i) => part.map(([, value]) => [i, value])),
  },
  {
    shows: ['mapAsync'],
    run: ({ values }) => values.mapAsync(async (value) => value, { concurrency: 3 }).collect(),
    model: ({ values }) => values,
  },
  {
    shows: ['mapAsync'],
    bag: true,
    run: ({ values }) =>
      values
        .mapAsync(async (value) => value, { ordered: false })
        .repartition(3)
        .collect(),
    model: ({ values }) => values,
  },
  {
    shows: ['mapPartitionsAsync'],
    run: ({ values }) => values.mapPartitionsAsync(async (records) => [...records].reverse()).collect(),
    model: ({ parts }) => parts.flatMap((part) => part.map(([, value]) => value).reverse()),
  },
  {
    shows: ['glom'],
    run: ({ values }) => values.glom().collect(),
    model: ({ parts }) => parts.map((part) => part.map(([, value]) => value)),
  },
  {
    shows: ['keyBy'],
    run: ({ values }) => values.keyBy((value) => typeof value).collect(),
    model: ({ values }) => values.map((value) => [typeof value, value]),
  },
  {
    shows: ['groupBy'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) => pairs.groupBy(([key]) => key).collect(),
    model: ({ pairs }) => groups(pairs, ([key]) => key).map(({ key, items }) => [key, items]),
  },
  { shows: ['keys'], run: ({ pairs }) => pairs.keys().collect(), model: ({ pairs }) => pairs.map(([key]) => key) },
  { shows: ['values'], run: ({ pairs }) => pairs.values().collect(), model: ({ values }) => values },
  {
    shows: ['mapValues'],
    run: ({ pairs }) => pairs.mapValues((value) => ({ value })).collect(),
    model: ({ pairs }) => pairs.map(([key, value]) => [key, { value }]),
  },
  {
    shows: ['flatMapValues'],
    run: ({ pairs }) => pairs.flatMapValues((value) => (value === '' ? [] : [value, null])).collect(),
    model: ({ pairs }) =>
      pairs.flatMap(([key, value]) =>
        value === ''
          ? []
          : [
              [key, value],
              [key, null],
            ],
      ),
  },
  {
    shows: ['pipe'],
    run: ({ numbers }) => numbers.coalesce(2).pipe('cat').collect(),
    model: ({ numbers }) => numbers.map(String),
  },
  // Several datasets.
  {
    shows: ['union'],
    run: ({ pairs, others }) => pairs.union(others).collect(),
    model: ({ pairs, others }) => [...pairs, ...others],
  },
  {
    shows: ['zip'],
    run: ({ values, numbers }) => values.zip(numbers).collect(),
    model: ({ values, numbers }) => values.map((value, i) => [value, numbers[i]]),
  },
  {
    shows: ['zipPartitions'],
    run: ({ values, numbers }) =>
      values.zipPartitions(numbers, (mine, theirs) => [[...mine].length + [...theirs].length]).collect(),
    model: ({ parts }) => parts.map((part) => 2 * part.length),
  },
  {
    shows: ['zipWithIndex'],
    run: ({ values }) => values.zipWithIndex().collect(),
    model: ({ values }) => values.map((value, i) => [value, i]),
  },
  {
    shows: ['zipWithUniqueId'],
    run: ({ values }) => values.zipWithUniqueId().collect(),
    model: ({ parts }) => parts.flatMap((part, i) => part.map(([, value], j) => [value, j * parts.length + i])),
  },
  {
    shows: ['cartesian'],
    bag: true,
    run: ({ values, others }) => values.coalesce(2).cartesian(others.coalesce(1)).count(),
    model: ({ values, others }) => values.length * others.length,
  },
  {
    shows: ['coalesce'],
    run: ({ values }) => values.coalesce(2).collect(),
    model: ({ values }) => values,
  },
  {
    shows: ['coalesce'],
    bag: true,
    run: ({ values }) => values.coalesce(5, { shuffle: true }).collect(),
    model: ({ values }) => values,
  },
  {
    shows: ['repartition', 'getNumPartitions'],
    run: async ({ values }) => {
      const dealt = values.repartition(4)
      const sizes = (await dealt.glom().collect()).map((part) => part.length)
      return [dealt.getNumPartitions(), sum(sizes), Math.max(...sizes) - Math.min(...sizes) <= 1]
    },
    model: ({ values }) => [4, values.length, true],
  },
  {
    shows: ['intersection'],
    bag: true,
    equalKeys: true,
    run: ({ pairs, others }) => pairs.keys().intersection(others.keys()).collect(),
    model: ({ pairs, others }) =>
      unique(pairs.map(([key]) => key)).filter((key) => others.some(([other]) => same(key, other))),
  },
  {
    shows: ['subtract'],
    bag: true,
    equalKeys: true,
    run: ({ pairs, others }) => pairs.keys().subtract(others.keys()).collect(),
    model: ({ pairs, others }) =>
      pairs.map(([key]) => key).filter((key) => !others.some(([other]) => same(key, other))),
  },
  {
    shows: ['distinct'],
    bag: true,
    equalKeys: true,
    run: ({ values }) => values.distinct().collect(),
    model: ({ values }) => unique(values),
  },
  // By key.
  {
    shows: ['groupByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) => pairs.groupByKey().collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, values]),
  },
  {
    shows: ['groupByKey', 'partitionBy'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) => pairs.partitionBy(5).groupByKey().collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, values]),
  },
  {
    shows: ['reduceByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .mapValues((value) => [value])
        .reduceByKey((a, b) => [...a, ...b])
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, values]),
  },
  {
    shows: ['reduceByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .mapValues(() => 1)
        .reduceByKey((a, b) => a + b, 7)
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, values.length]),
  },
  {
    shows: ['foldByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .map(([key]): [unknown, number] => [key, 2])
        .foldByKey(1, (a, b) => a * b)
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, 2 ** values.length]),
  },
  {
    shows: ['aggregateByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .aggregateByKey(
          { list: [] as unknown[] },
          (all, value) => {
            all.list.push(value)
            return all
          },
          (a, b) => ({ list: [...a.list, ...b.list] }),
        )
        .mapValues(({ list }) => list)
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, values]),
  },
  {
    shows: ['combineByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .combineByKey(
          (value): [number, unknown] => [1, value],
          ([n, first]): [number, unknown] => [n + 1, first],
          ([n, first], [m]): [number, unknown] => [n + m, first],
        )
        .mapValues(([n, first]) => `${n} ${typeof first}`)
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key, values }) => [key, listed(values)]),
  },
  {
    shows: ['countApproxDistinctByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs }) =>
      pairs
        .mapValues(() => 1)
        .countApproxDistinctByKey()
        .collect(),
    model: ({ pairs }) => keyed(pairs).map(({ key }) => [key, 1]),
  },
  {
    shows: ['cogroup'],
    bag: true,
    equalKeys: true,
    run: ({ pairs, others }) => pairs.cogroup(others).collect(),
    model: ({ pairs, others }) => cogrouped(pairs, others),
  },
  {
    shows: ['groupWith'],
    bag: true,
    equalKeys: true,
    run: ({ pairs, others }) =>
      pairs
        .groupWith(others, pairs)
        .mapValues((lists) => lists.map((list) => list.length))
        .collect(),
    model: ({ pairs, others }) =>
      cogrouped(pairs, others).map(([key, [a, b]]) => [key, [a.length, b.length, a.length]]),
  },
  ...(
    [
      ['join', false, false],
      ['leftOuterJoin', true, false],
      ['rightOuterJoin', false, true],
      ['fullOuterJoin', true, true],
    ] as const
  ).map(
    ([name, left, right]): Row => ({
      shows: [name],
      bag: true,
      equalKeys: true,
      // The huge partition would give millions of pairs.
      run: ({ pairs, others }) => pairs.distinct()[name](others).collect(),
      model: ({ pairs, others }) => joinedBy(left, right, unique(pairs) as Pair[], others),
    }),
  ),
  {
    shows: ['subtractByKey'],
    bag: true,
    equalKeys: true,
    run: ({ pairs, others }) => pairs.subtractByKey(others).collect(),
    model: ({ pairs, others }) => pairs.filter(([key]) => !others.some(([other]) => same(key, other))),
  },
]
