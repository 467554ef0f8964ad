/*
 * One row per operation: `run` over persisted datasets, ending in an action with a small result, and `plain`, a
 * hand-written loop over arrays. Both have the same result. `n`: numbers from 0; `pairs`: [key, number] with few keys;
 * `few`: one pair per key.
 */
const total = (list) => list.reduce((sum, x) => sum + x, 0)

/** Groups the values of each key, as a hand-written loop does. */
function grouped(pairs) {
  const groups = new Map()
  for (const [key, value] of pairs) {
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}

function reduced(pairs, fn) {
  const values = new Map()
  for (const [key, value] of pairs) values.set(key, values.has(key) ? fn(values.get(key), value) : value)
  return values
}

function joined(pairs, few) {
  const other = new Map(few)
  let count = 0
  for (const [key] of pairs) if (other.has(key)) count++
  return count
}

const add = (a, b) => a + b

export const datasetOps = [
  { name: 'read (count)', run: ({ n }) => n.count(), plain: ({ n }) => n.length },
  { name: 'map', run: ({ n }) => n.map((x) => x + 1).count(), plain: ({ n }) => n.map((x) => x + 1).length },
  {
    name: 'filter',
    run: ({ n }) => n.filter((x) => x % 2 === 0).count(),
    plain: ({ n }) => n.filter((x) => x % 2 === 0).length,
  },
  {
    name: 'flatMap',
    run: ({ n }) => n.flatMap((x) => [x, x]).count(),
    plain: ({ n }) => n.flatMap((x) => [x, x]).length,
  },
  {
    name: 'mapPartitions',
    run: ({ n }) => n.mapPartitions((records) => [...records]).count(),
    plain: ({ n }) => [...n].length,
  },
  {
    name: 'glom',
    run: ({ n }) =>
      n
        .glom()
        .map((list) => list.length)
        .sum(),
    plain: ({ n }) => [...n].length,
  },
  { name: 'keyBy', run: ({ n }) => n.keyBy((x) => x % 10).count(), plain: ({ n }) => n.map((x) => [x % 10, x]).length },
  {
    name: 'mapValues',
    run: ({ pairs }) => pairs.mapValues((v) => v + 1).count(),
    plain: ({ pairs }) => pairs.map(([k, v]) => [k, v + 1]).length,
  },
  {
    name: 'flatMapValues',
    run: ({ pairs }) => pairs.flatMapValues((v) => [v, v]).count(),
    plain: ({ pairs }) => pairs.flatMap(([k, v]) => [v, v].map((each) => [k, each])).length,
  },
  { name: 'values', run: ({ pairs }) => pairs.values().count(), plain: ({ pairs }) => pairs.map(([, v]) => v).length },
  { name: 'union', run: ({ n }) => n.union(n).count(), plain: ({ n }) => [...n, ...n].length },
  { name: 'zip', run: ({ n }) => n.zip(n).count(), plain: ({ n }) => n.map((x, i) => [x, n[i]]).length },
  { name: 'zipWithIndex', run: ({ n }) => n.zipWithIndex().count(), plain: ({ n }) => n.map((x, i) => [x, i]).length },
  { name: 'coalesce', run: ({ n }) => n.coalesce(1).count(), plain: ({ n }) => n.length },
  {
    name: 'persist',
    run: async ({ n }) => {
      const kept = n.map((x) => x + 1).persist()
      const count = await kept.count()
      kept.unpersist()
      return count
    },
    plain: ({ n }) => n.map((x) => x + 1).length,
  },
  {
    name: "persist('disk')",
    run: async ({ n }) => {
      const kept = n.map((x) => x + 1).persist('disk')
      const count = await kept.count()
      kept.unpersist()
      return count
    },
    plain: ({ n }) => n.map((x) => x + 1).length,
  },
  {
    name: 'reduceByKey',
    run: ({ pairs }) => pairs.reduceByKey((a, b) => a + b).count(),
    plain: ({ pairs }) => reduced(pairs, add).size,
  },
  {
    name: 'aggregateByKey',
    run: ({ pairs }) =>
      pairs
        .aggregateByKey(
          0,
          (count) => count + 1,
          (a, b) => a + b,
        )
        .count(),
    plain: ({ pairs }) => {
      const counts = new Map()
      for (const [key] of pairs) counts.set(key, (counts.get(key) ?? 0) + 1)
      return counts.size
    },
  },
  { name: 'groupByKey', run: ({ pairs }) => pairs.groupByKey().count(), plain: ({ pairs }) => grouped(pairs).size },
  {
    name: 'partitionBy',
    run: ({ pairs, partitions }) => pairs.partitionBy(partitions).count(),
    plain: ({ pairs, partitions }) => {
      const parts = Array.from({ length: partitions }, () => [])
      for (const pair of pairs) parts[pair[0] % partitions].push(pair)
      return total(parts.map((part) => part.length))
    },
  },
  {
    name: 'repartition',
    run: ({ n, partitions }) => n.repartition(partitions).count(),
    plain: ({ n, partitions }) => {
      const parts = Array.from({ length: partitions }, () => [])
      n.forEach((x, i) => parts[i % partitions].push(x))
      return total(parts.map((part) => part.length))
    },
  },
  {
    name: 'distinct',
    run: ({ n }) =>
      n
        .map((x) => x % 1000)
        .distinct()
        .count(),
    plain: ({ n }) => new Set(n.map((x) => x % 1000)).size,
  },
  { name: 'join', run: ({ pairs, few }) => pairs.join(few).count(), plain: ({ pairs, few }) => joined(pairs, few) },
  {
    name: 'leftOuterJoin',
    run: ({ pairs, few }) => pairs.leftOuterJoin(few).count(),
    plain: ({ pairs, few }) => {
      const other = new Map(few)
      return pairs.map(([k, v]) => [k, [v, other.get(k)]]).length
    },
  },
  {
    name: 'cogroup',
    run: ({ pairs, few }) => pairs.cogroup(few).count(),
    plain: ({ pairs, few }) => {
      const [left, right] = [grouped(pairs), grouped(few)]
      return new Map([...left].map(([k, values]) => [k, [values, right.get(k) ?? []]])).size
    },
  },
  {
    name: 'subtract',
    run: ({ n }) => n.subtract(n.filter((x) => x % 2 === 0)).count(),
    plain: ({ n }) => {
      const other = new Set(n.filter((x) => x % 2 === 0))
      return n.filter((x) => !other.has(x)).length
    },
  },
  {
    name: 'sortBy',
    run: ({ n }) => n.sortBy((x) => (x * 7919) % 1_000_003).count(),
    plain: ({ n }) => [...n].sort((a, b) => ((a * 7919) % 1_000_003) - ((b * 7919) % 1_000_003)).length,
  },
  { name: 'reduce', run: ({ n }) => n.reduce((a, b) => a + b), plain: ({ n }) => n.reduce(add) },
  { name: 'sum', run: ({ n }) => n.sum(), plain: ({ n }) => total(n) },
  {
    name: 'treeAggregate',
    run: ({ n }) =>
      n.treeAggregate(
        0,
        (a, b) => a + b,
        (a, b) => a + b,
      ),
    plain: ({ n }) => total(n),
  },
  {
    name: 'top',
    run: async ({ n }) => total(await n.top(10)),
    plain: ({ n }) => total([...n].sort((a, b) => b - a).slice(0, 10)),
  },
  { name: 'collect', run: async ({ n }) => (await n.collect()).length, plain: ({ n }) => [...n].length },
  {
    name: 'countByValue',
    run: async ({ n }) => (await n.map((x) => x % 1000).countByValue()).size,
    plain: ({ n }) =>
      reduced(
        n.map((x) => [x % 1000, 1]),
        add,
      ).size,
  },
]
