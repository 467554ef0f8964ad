import { type RDD, withEnv } from 'millrace'
import { counts, orRefused, path, type Row, rounded, same, squares, sum } from './dataset-row.js'
import type { Pair } from './edge-datasets.js'
import { keyed } from './naive.js'

export const ACTION_ROWS: readonly Row[] = [
  // Sorted: whole numbers, as the order of other kinds has tests of its own.
  {
    shows: ['sortBy'],
    run: ({ numbers }) => numbers.sortBy((x) => -x, { partitions: 3 }).collect(),
    model: ({ numbers }) => [...numbers].sort((a, b) => b - a),
  },
  {
    shows: ['sortByKey'],
    bag: true,
    equalKeys: true,
    // Equal keys meet after it without a shuffle. Plain objects have no order.
    run: ({ pairs }) =>
      pairs
        .filter(([key]) => Object.getPrototypeOf(Object(key)) !== Object.prototype)
        .sortByKey()
        .groupByKey()
        .mapValues((values) => values.length)
        .collect(),
    model: ({ pairs }) =>
      keyed(pairs.filter(([key]) => Object.getPrototypeOf(Object(key)) !== Object.prototype)).map(({ key, values }) => [
        key,
        values.length,
      ]),
  },
  {
    shows: ['filterByRange'],
    run: ({ numbers }) =>
      numbers
        .map((x) => [x, x] as [number, number])
        .filterByRange(3, 7)
        .keys()
        .collect(),
    model: ({ numbers }) => numbers.filter((x) => x >= 3 && x <= 7),
  },
  {
    shows: ['repartitionAndSortWithinPartitions'],
    run: async ({ numbers }) => {
      const parts = numbers
        .map((x) => [x, x] as [number, number])
        .repartitionAndSortWithinPartitions(3)
        .glom()
      const keys = (await parts.collect()).map((part) => part.map(([key]) => key))
      return [
        keys.flat().sort((a, b) => a - b),
        keys.every((part) => part.every((key, i) => i === 0 || part[i - 1]! <= key)),
      ]
    },
    model: ({ numbers }) => [[...numbers].sort((a, b) => a - b), true],
  },
  // Drawn by chance: all, none, or parts that make up the whole.
  {
    shows: ['sample'],
    run: async ({ values }) => [await values.sample(false, 1).collect(), await values.sample(true, 0).collect()],
    model: ({ values }) => [values, []],
  },
  {
    shows: ['randomSplit'],
    bag: true,
    run: async ({ values }) => {
      const [a, b] = values.randomSplit([1, 3], 5) as [RDD<unknown>, RDD<unknown>]
      return await a.union(b).collect()
    },
    model: ({ values }) => values,
  },
  {
    shows: ['takeSample'],
    bag: true,
    run: ({ values }) => values.takeSample(false, 1_000_000, 3),
    model: ({ values }) => values,
  },
  {
    shows: ['takeSample'],
    run: async ({ values }) => (await values.takeSample(true, 5, 3)).length,
    model: ({ values }) => (values.length === 0 ? 0 : 5),
  },
  {
    shows: ['sampleByKey', 'sampleByKeyExact'],
    bag: true,
    run: async ({ numbers }) => {
      const pairs = numbers.map((x) => [x % 2, x] as [number, number])
      const fractions = new Map([
        [0, 1],
        [1, 0],
      ])
      const all = await pairs.sampleByKey(false, fractions, 1).collect()
      return [...all, ...(await pairs.sampleByKeyExact(false, fractions, 1).collect())]
    },
    model: ({ numbers }) => [...numbers, ...numbers].filter((x) => x % 2 === 0).map((x) => [0, x]),
  },
  // Actions.
  { shows: ['collect'], run: ({ pairs }) => pairs.collect(), model: ({ pairs }) => pairs },
  { shows: ['count'], run: ({ pairs }) => pairs.count(), model: ({ pairs }) => pairs.length },
  { shows: ['isEmpty'], run: ({ pairs }) => pairs.isEmpty(), model: ({ pairs }) => pairs.length === 0 },
  {
    shows: ['first'],
    run: ({ values }) => values.first(),
    model: ({ values }) => orRefused(values, ([first]) => first),
  },
  { shows: ['take'], run: ({ values }) => values.take(4), model: ({ values }) => values.slice(0, 4) },
  { shows: ['take'], run: ({ values }) => values.take(0), model: () => [] },
  {
    shows: ['toLocalIterator'],
    run: async ({ values }) => {
      const all: unknown[] = []
      for await (const value of values.toLocalIterator()) all.push(value)
      return all
    },
    model: ({ values }) => values,
  },
  {
    shows: ['collectAsMap'],
    equalKeys: true,
    run: async ({ pairs }) => [...(await pairs.map(([key, value]) => [typeof key, value] as Pair).collectAsMap())],
    model: ({ pairs }) => [...new Map(pairs.map(([key, value]) => [typeof key, value]))],
  },
  {
    shows: ['countByValue'],
    run: ({ values }) => values.countByValue(),
    model: ({ values }) => counts(values),
  },
  {
    shows: ['countByKey'],
    run: ({ pairs }) => pairs.countByKey(),
    model: ({ pairs }) => counts(pairs.map(([key]) => key)),
  },
  {
    shows: ['reduceByKeyLocally'],
    run: ({ pairs }) => pairs.mapValues(() => 1).reduceByKeyLocally((a, b) => a + b),
    model: ({ pairs }) => counts(pairs.map(([key]) => key)),
  },
  ...[null, undefined, Number.NaN, -0, 0, 'a', 1n, [0]].map(
    (key): Row => ({
      shows: ['lookup'],
      run: ({ pairs }) => pairs.lookup(key),
      model: ({ pairs }) => pairs.filter(([other]) => same(key, other)).map(([, value]) => value),
    }),
  ),
  ...[null, undefined, Number.NaN, -0, [0], { a: 1 }].map(
    (key): Row => ({
      shows: ['lookup', 'partitionBy'],
      run: ({ pairs }) => pairs.partitionBy(3).lookup(key),
      model: ({ pairs }) => pairs.filter(([other]) => same(key, other)).map(([, value]) => value),
    }),
  ),
  {
    shows: ['reduce'],
    run: ({ values }) => values.map((value) => [value]).reduce((a, b) => a.concat(b)),
    model: ({ values }) => orRefused(values, (all) => all),
  },
  {
    shows: ['treeReduce'],
    run: ({ values }) => values.map(() => 1).treeReduce((a, b) => a + b),
    model: ({ values }) => orRefused(values, (all) => all.length),
  },
  {
    shows: ['fold'],
    run: ({ values }) => values.map((value) => [value]).fold([], (a, b) => [...a, ...b]),
    model: ({ values }) => values,
  },
  {
    shows: ['aggregate'],
    run: ({ values }) =>
      values.aggregate(
        { all: [] as unknown[] },
        (acc, value) => {
          acc.all.push(value)
          return acc
        },
        (a, b) => {
          a.all.push(...b.all)
          return a
        },
      ),
    model: ({ values }) => ({ all: values }),
  },
  {
    shows: ['treeAggregate'],
    run: ({ values }) =>
      values.treeAggregate(
        0,
        (n) => n + 1,
        (a, b) => a + b,
        3,
      ),
    model: ({ values }) => values.length,
  },
  {
    shows: ['max'],
    run: ({ numbers }) => numbers.max(),
    model: ({ numbers }) => orRefused(numbers, (all) => Math.max(...all)),
  },
  {
    shows: ['min'],
    run: ({ numbers }) => numbers.min(),
    model: ({ numbers }) => orRefused(numbers, (all) => Math.min(...all)),
  },
  {
    shows: ['top'],
    run: ({ numbers }) => numbers.top(5),
    model: ({ numbers }) => [...numbers].sort((a, b) => b - a).slice(0, 5),
  },
  {
    shows: ['takeOrdered'],
    run: ({ numbers }) => numbers.takeOrdered(5),
    model: ({ numbers }) => [...numbers].sort((a, b) => a - b).slice(0, 5),
  },
  { shows: ['sum'], run: ({ numbers }) => numbers.sum(), model: ({ numbers }) => sum(numbers) },
  {
    shows: ['mean'],
    run: async ({ numbers }) => rounded(await numbers.mean()),
    model: ({ numbers }) => (numbers.length === 0 ? 0 : rounded(sum(numbers) / numbers.length)),
  },
  {
    shows: ['variance', 'stdev', 'sampleVariance', 'sampleStdev'],
    run: async ({ numbers }) => [
      rounded(await numbers.variance()),
      rounded((await numbers.stdev()) ** 2),
      rounded(await numbers.sampleVariance()),
      rounded((await numbers.sampleStdev()) ** 2),
    ],
    model: ({ numbers }) => {
      const [all, one] = [numbers.length, numbers.length - 1].map((n) =>
        n > 0 ? rounded(squares(numbers) / n) : Number.NaN,
      )
      return [all, all, one, one]
    },
  },
  {
    shows: ['stats'],
    run: async ({ numbers }) => {
      const { count, sum, min, max } = await numbers.stats()
      return [count, sum, min, max]
    },
    model: ({ numbers }) => [numbers.length, sum(numbers), Math.min(...numbers), Math.max(...numbers)],
  },
  {
    shows: ['histogram'],
    run: ({ numbers }) => numbers.histogram([0, 4, 8, 10]),
    model: ({ numbers }) => [
      numbers.filter((x) => x < 4).length,
      numbers.filter((x) => x >= 4 && x < 8).length,
      numbers.filter((x) => x >= 8).length,
    ],
  },
  {
    shows: ['histogram'],
    run: async ({ numbers }) => (await numbers.histogram(3)).counts.reduce((a, b) => a + b),
    model: ({ numbers }) => orRefused(numbers, (all) => all.length),
  },
  {
    shows: ['countApprox', 'sumApprox', 'meanApprox'],
    run: async ({ numbers }) => {
      const parts = [await numbers.countApprox('1h'), await numbers.sumApprox('1h'), await numbers.meanApprox('1h')]
      return parts.map(({ value, complete }) => [rounded(value.mean), complete])
    },
    model: ({ numbers }) => [
      [numbers.length, true],
      [sum(numbers), true],
      [numbers.length === 0 ? 0 : rounded(sum(numbers) / numbers.length), true],
    ],
  },
  {
    shows: ['countByValueApprox'],
    run: async ({ values }) =>
      new Map([...(await values.countByValueApprox('1h')).value].map(([value, { mean }]) => [value, mean])),
    model: ({ values }) => counts(values),
  },
  {
    shows: ['countByKeyApprox'],
    run: async ({ pairs }) =>
      new Map([...(await pairs.countByKeyApprox('1h')).value].map(([key, { mean }]) => [key, mean])),
    model: ({ pairs }) => counts(pairs.map(([key]) => key)),
  },
  {
    shows: ['countApproxDistinct'],
    run: ({ numbers }) => numbers.countApproxDistinct(),
    model: ({ numbers }) => new Set(numbers).size,
  },
  {
    shows: ['foreach', 'longAccumulator'],
    run: async ({ ctx, numbers }) => {
      const total = ctx.longAccumulator()
      await numbers.foreach(withEnv({ total }, (x: number) => total.add(x)))
      return total.value
    },
    model: ({ numbers }) => sum(numbers),
  },
  {
    shows: ['foreachPartition', 'collectionAccumulator'],
    bag: true,
    run: async ({ ctx, values }) => {
      const sizes = ctx.collectionAccumulator<[number, number]>()
      await values.foreachPartition(
        withEnv({ sizes }, async (records: Iterable<unknown>, partition: number) => {
          sizes.add([partition, [...records].length])
        }),
      )
      return sizes.value
    },
    model: ({ parts }) => parts.map((part, i) => [i, part.length]),
  },
  {
    shows: ['accumulator'],
    run: async ({ ctx, numbers }) => {
      const greatest = ctx.accumulator(-1, (a: number, b: number) => Math.max(a, b))
      await numbers.foreach(withEnv({ greatest }, (x: number) => greatest.add(x)))
      return greatest.value
    },
    model: ({ numbers }) => Math.max(-1, ...numbers),
  },
  {
    shows: ['runJob'],
    run: ({ ctx, values }) => ctx.runJob(values, (records, partition) => [partition, [...records].length]),
    model: ({ parts }) => parts.map((part, i) => [i, part.length]),
  },
  {
    shows: ['broadcast'],
    run: ({ ctx, numbers }) => {
      const table = ctx.broadcast({ add: 5 })
      return numbers.map(withEnv({ table }, (x: number) => x + table.value.add)).collect()
    },
    model: ({ numbers }) => numbers.map((x) => x + 5),
  },
  // Kept and saved.
  ...(['memory', 'memory-and-disk', 'disk'] as const).map(
    (level): Row => ({
      shows: ['persist', 'cache', 'unpersist', 'getStorageLevel'],
      run: async ({ pairs }) => {
        const kept = level === 'memory' ? pairs.map((pair) => pair).cache() : pairs.map((pair) => pair).persist(level)
        const twice = [await kept.collect(), await kept.collect()]
        await kept.unpersist()
        return [twice, await kept.collect()]
      },
      model: ({ pairs }) => [[pairs, pairs], pairs],
    }),
  ),
  {
    shows: ['saveAsObjectFile', 'objectFile'],
    run: async ({ ctx, pairs }) => {
      const file = path()
      await pairs.saveAsObjectFile(file)
      return await ctx.objectFile(file).collect()
    },
    model: ({ pairs }) => pairs,
  },
  {
    shows: ['saveAsTextFile', 'textFile'],
    run: async ({ ctx, numbers }) => {
      const file = path()
      await numbers.saveAsTextFile(file)
      return await ctx.textFile(file).collect()
    },
    model: ({ numbers }) => numbers.map(String),
  },
  {
    shows: ['saveAsJsonFile', 'jsonFile'],
    run: async ({ ctx, numbers }) => {
      const file = path()
      await numbers.map((n) => ({ n: String(n) })).saveAsJsonFile(file)
      return await ctx.jsonFile(file, { minPartitions: 3 }).collect()
    },
    model: ({ numbers }) => numbers.map((n) => ({ n: String(n) })),
  },
  {
    shows: ['saveAsCsvFile', 'csvFile'],
    run: async ({ ctx, numbers }) => {
      const file = path()
      await numbers.map((n) => [String(n), 'a "b"']).saveAsCsvFile(file, { columns: ['n', 'text'] })
      return await ctx.csvFile(file, { multiLine: false, minPartitions: 3 }).collect()
    },
    model: ({ numbers }) => numbers.map((n) => ({ n: String(n), text: 'a "b"' })),
  },
  {
    shows: ['saveAsParquetFile', 'parquetFile'],
    run: async ({ ctx, numbers }) => {
      const file = path()
      const rows = numbers.map((n) => ({ n: String(n), one: 1 }))
      await rows.saveAsParquetFile(file, { types: { n: 'STRING', one: 'INT64' } })
      return await ctx.parquetFile(file).collect()
    },
    model: ({ numbers }) => numbers.map((n) => ({ n: String(n), one: 1 })),
  },
  ...(['none', 'record', 'block'] as const).map(
    (compression): Row => ({
      shows: ['saveAsSequenceFile', 'sequenceFile'],
      run: async ({ ctx, numbers }) => {
        const file = path()
        await numbers.map((n): [string, number] => [String(n), 1]).saveAsSequenceFile(file, { compression })
        return await ctx.sequenceFile(file).collect()
      },
      model: ({ numbers }) => numbers.map((n) => [String(n), 1]),
    }),
  ),
  {
    shows: ['saveAsHadoopFile', 'wholeTextFiles', 'binaryFiles', 'binaryRecords'],
    run: async ({ ctx, numbers }) => {
      const file = path()
      await numbers.map((n): [string, number] => [String(n), 1]).saveAsHadoopFile(file)
      const texts = await ctx.wholeTextFiles(file).values().collect()
      const bytes = await ctx.binaryFiles(file).values().collect()
      const records = await ctx.binaryRecords(file, 1).collect()
      return [texts.join(''), Buffer.concat(bytes).toString(), Buffer.concat(records).toString()]
    },
    model: ({ numbers }) => Array(3).fill(numbers.map((n) => `${n}\t1\n`).join('')),
  },
  {
    shows: ['checkpoint', 'isCheckpointed', 'getCheckpointFile', 'setCheckpointDir', 'getCheckpointDir'],
    run: async ({ ctx, pairs }) => {
      ctx.setCheckpointDir(path())
      const marked = pairs.map((pair) => pair)
      marked.checkpoint()
      const first = await marked.collect()
      return [first, marked.isCheckpointed(), await marked.collect()]
    },
    model: ({ pairs }) => [pairs, true, pairs],
  },
  {
    shows: ['setName', 'toDebugString'],
    run: ({ pairs }) => {
      const named = pairs.map((pair) => pair)
      named.setName('a name')
      return named.toDebugString().includes('a name')
    },
    model: () => true,
  },
  {
    shows: ['emptyRDD', 'union'],
    run: ({ ctx, pairs }) => ctx.union([ctx.emptyRDD<Pair>(), pairs, ctx.parallelize<Pair>([], 2)]).collect(),
    model: ({ pairs }) => pairs,
  },
  {
    shows: ['parallelize', 'range'],
    run: async ({ ctx, numbers }) => {
      const n = await numbers.count()
      return [
        await ctx
          .parallelize(
            Array.from({ length: n }, (_, i) => i),
            6,
          )
          .collect(),
        await ctx.range(0, n, 1, 6).collect(),
      ]
    },
    model: ({ numbers }) => [[...numbers.keys()], [...numbers.keys()]],
  },
]
