import { type DStream, type KeyState, StateSpec } from 'millrace'

/** A node of a random graph of streams: how it is built, and what it holds by all records that have ever come. */
export type Pair = [key: number, value: number]

export interface GraphNode {
  readonly name: string
  readonly of: readonly GraphNode[]
  /** In batches. */
  readonly slide: number
  /** Of windows, in batches. */
  readonly length: number
  /** The records at a time, in plain arrays. */
  at(batch: number): readonly Pair[]
}

export interface GraphOperation {
  readonly inputs?: 2
  /** Takes a length and a slide. */
  readonly windowed?: true
  readonly build: (streams: readonly DStream<Pair>[], length: string, slide: string) => DStream<Pair>
  readonly model: (node: GraphNode, batch: number) => readonly Pair[]
}

function sums(pairs: readonly Pair[]): Map<number, number> {
  const totals = new Map<number, number>()
  for (const [key, value] of pairs) totals.set(key, (totals.get(key) ?? 0) + value)
  return totals
}
const counts = (pairs: readonly Pair[]): Map<number, number> => sums(pairs.map(([key]) => [key, 1]))
const keysOf = (...maps: ReadonlyMap<number, number>[]): number[] => [
  ...new Set(maps.flatMap((map) => [...map.keys()])),
]

/** The batches of a node's first parent in the window that ends at `batch`. */
function windowAt({ of: [parent], length }: GraphNode, batch: number): Pair[] {
  const pairs: Pair[] = []
  for (let at = parent!.slide; at <= batch; at += parent!.slide) if (at > batch - length) pairs.push(...parent!.at(at))
  return pairs
}
/** All batches of the first parent so far, each with its records. */
function* past({ of: [parent], slide }: GraphNode, batch: number): Iterable<readonly Pair[]> {
  for (let at = slide; at <= batch; at += slide) yield parent!.at(at)
}
/** Keys that any window of the node has had. */
function everInWindow(node: GraphNode, batch: number): number[] {
  const keys = new Set<number>()
  for (let at = node.slide; at <= batch; at += node.slide) for (const [key] of windowAt(node, at)) keys.add(key)
  return [...keys]
}
/** An operation on each batch for itself. */
const each =
  (change: (pairs: readonly Pair[]) => readonly Pair[]): GraphOperation['model'] =>
  ({ of: [parent] }, batch) =>
    change(parent!.at(batch))

const NOTHING_TO_NOTE: GraphOperation['model'] = each((pairs) => pairs)

export const GRAPH_OPERATIONS: Readonly<Record<string, GraphOperation>> = {
  map: {
    build: ([s]) => s!.map(([k, v]): Pair => [(k * 7 + 1) % 6, (v % 50) + 1]),
    model: each((pairs) => pairs.map(([k, v]) => [(k * 7 + 1) % 6, (v % 50) + 1])),
  },
  filter: {
    build: ([s]) => s!.filter(([k, v]) => (k + v) % 3 !== 0),
    model: each((pairs) => pairs.filter(([k, v]) => (k + v) % 3 !== 0)),
  },
  reduceByKey: {
    build: ([s]) => s!.reduceByKey((a, b) => a + b, 3),
    model: each((pairs) => [...sums(pairs)]),
  },
  groupByKey: {
    build: ([s]) => s!.groupByKey().mapValues((values) => values.length),
    model: each((pairs) => [...counts(pairs)]),
  },
  sortByKey: {
    build: ([s]) => s!.transform((rdd) => rdd.sortByKey().reduceByKey((a, b) => a + b)),
    model: each((pairs) => [...sums(pairs)]),
  },
  repartition: { build: ([s]) => s!.repartition(3), model: NOTHING_TO_NOTE },
  unordered: {
    build: ([s]) => s!.mapAsync(async (pair) => pair, { ordered: false }).repartition(2) as DStream<Pair>,
    model: NOTHING_TO_NOTE,
  },
  persist: { build: ([s]) => s!.map((pair) => pair).persist('disk') as DStream<Pair>, model: NOTHING_TO_NOTE },
  count: { build: ([s]) => s!.count().map((n): Pair => [0, n + 1]), model: each((pairs) => [[0, pairs.length + 1]]) },
  union: {
    inputs: 2,
    build: ([a, b]) => a!.union(b!) as DStream<Pair>,
    model: ({ of }, batch) => of.flatMap((parent) => parent.at(batch)),
  },
  join: {
    inputs: 2,
    build: ([a, b]) =>
      a!
        .reduceByKey((x, y) => x + y)
        .join(b!.reduceByKey((x, y) => x + y))
        .mapValues(([v, w]) => ((v * 3 + w) % 997) + 1),
    model({ of }, batch) {
      const [left, right] = of.map((parent) => sums(parent.at(batch))) as [Map<number, number>, Map<number, number>]
      const both = [...left].filter(([key]) => right.has(key))
      return both.map(([key, v]) => [key, ((v * 3 + right.get(key)!) % 997) + 1])
    },
  },
  cogroup: {
    inputs: 2,
    build: ([a, b]) => a!.cogroup(b!).mapValues(([x, y]) => x.length * 10 + y.length + 1),
    model({ of }, batch) {
      const [left, right] = of.map((parent) => counts(parent.at(batch))) as [Map<number, number>, Map<number, number>]
      return keysOf(left, right).map((key) => [key, (left.get(key) ?? 0) * 10 + (right.get(key) ?? 0) + 1])
    },
  },
  window: { windowed: true, build: ([s], length, slide) => s!.window(length, slide), model: windowAt },
  reduceByKeyAndWindow: {
    windowed: true,
    build: ([s], length, slide) => s!.reduceByKeyAndWindow((a, b) => a + b, length, slide),
    model: (node, batch) => [...sums(windowAt(node, batch))],
  },
  inverse: {
    windowed: true,
    build: ([s], length, slide) =>
      s!.reduceByKeyAndWindow((a, b) => a + b, length, slide, { inverse: (a, b) => a - b }),
    model(node, batch) {
      const totals = sums(windowAt(node, batch))
      return everInWindow(node, batch).map((key) => [key, totals.get(key) ?? 0])
    },
  },
  'inverse in place': {
    windowed: true,
    build: ([s], length, slide) =>
      s!
        .mapValues((n) => ({ n }))
        .reduceByKeyAndWindow(
          (a, b) => {
            a.n += b.n
            return a
          },
          length,
          slide,
          {
            inverse: (a, b) => {
              a.n -= b.n
              return a
            },
            filter: ([, { n }]) => n !== 0,
          },
        )
        .mapValues(({ n }) => n),
    model: (node, batch) => [...sums(windowAt(node, batch))].filter(([, n]) => n !== 0),
  },
  countByValueAndWindow: {
    windowed: true,
    build: ([s], length, slide) => s!.map(([key]) => key).countByValueAndWindow(length, slide),
    model: (node, batch) => [...counts(windowAt(node, batch))],
  },
  countByWindow: {
    windowed: true,
    build: ([s], length, slide) => s!.countByWindow(length, slide).map((n): Pair => [n % 5, n + 1]),
    model(node, batch) {
      const n = windowAt(node, batch).length
      return everInWindow(node, batch).length === 0 ? [] : [[n % 5, n + 1]]
    },
  },
  updateStateByKey: {
    build: ([s]) => s!.updateStateByKey<number>((values, sum) => values.reduce((a, b) => a + b, sum ?? 0)),
    model: (node, batch) => [...sums([...past(node, batch)].flat(1))],
  },
  'updateStateByKey in place': {
    build: ([s]) =>
      s!
        .updateStateByKey<{ n: number; last: number[] }>((values, kept) => {
          const state = kept ?? { n: 0, last: [] }
          state.n += values.length
          state.last.push(...values)
          return state.n > 6 ? undefined : state
        })
        .mapValues(({ n }) => n),
    model(node, batch) {
      const kept = new Map<number, number>()
      for (const pairs of past(node, batch)) {
        const here = counts(pairs)
        for (const key of keysOf(kept, here)) {
          const n = (kept.get(key) ?? 0) + (here.get(key) ?? 0)
          if (n > 6) kept.delete(key)
          else kept.set(key, n)
        }
      }
      return [...kept]
    },
  },
  mapWithState: {
    build: ([s]) =>
      s!
        .reduceByKey((a, b) => a + b)
        .mapWithState(
          StateSpec.function((key: number, value: number | undefined, state: KeyState<{ n: number }>): Pair => {
            const kept = state.getOption() ?? { n: 0 }
            kept.n += value ?? 0
            state.update(kept)
            return [key, kept.n]
          }),
        ),
    model(node, batch) {
      const totals = sums([...past(node, batch)].flat(1))
      return keysOf(counts(node.of[0]!.at(batch))).map((key) => [key, totals.get(key)!])
    },
  },
}
