import { BATCH_MS, eventTimeOps } from './event-time-ops.mjs'

/*
 * One row per operation of streams: `build` creates the stream whose last batch is compared. `plain` creates a
 * hand-written function that receives the records of each batch and returns the number of resulting records. Records
 * are pairs [key, number].
 */
const WINDOW = 3

/** A batch's pairs reduced into `into`. */
function addTo(into, pairs, sign = 1) {
  for (const [key, value] of pairs) into.set(key, (into.get(key) ?? 0) + sign * value)
  return into
}

/** The last batches of a window, the new one included. */
function windowed(fn) {
  const batches = []
  return (pairs) => {
    batches.push(pairs)
    if (batches.length > WINDOW) batches.shift()
    return fn(batches)
  }
}

export const streamOps = [
  { name: 'input alone', build: (s) => s, plain: () => (pairs) => pairs.length },
  {
    name: 'map',
    build: (s) => s.map(([k, v]) => [k, v + 1]),
    plain: () => (pairs) => pairs.map(([k, v]) => [k, v + 1]).length,
  },
  {
    name: 'reduceByKey',
    build: (s) => s.reduceByKey((a, b) => a + b),
    plain: () => (pairs) => addTo(new Map(), pairs).size,
  },
  {
    name: 'window',
    build: (s) => s.window(WINDOW * BATCH_MS),
    plain: () => windowed((batches) => batches.flat().length),
  },
  {
    name: 'reduceByKeyAndWindow',
    build: (s) => s.reduceByKeyAndWindow((a, b) => a + b, WINDOW * BATCH_MS),
    plain: () => windowed((batches) => batches.reduce((all, pairs) => addTo(all, pairs), new Map()).size),
  },
  {
    name: 'reduceByKeyAndWindow, inverse',
    build: (s) => s.reduceByKeyAndWindow((a, b) => a + b, WINDOW * BATCH_MS, undefined, { inverse: (a, b) => a - b }),
    plain: () => {
      const all = new Map()
      const batches = []
      return (pairs) => {
        batches.push(pairs)
        addTo(all, pairs)
        if (batches.length > WINDOW) addTo(all, batches.shift(), -1)
        return all.size
      }
    },
  },
  {
    name: 'updateStateByKey',
    build: (s) => s.updateStateByKey((values, state) => values.reduce((a, b) => a + b, state ?? 0)),
    plain: () => {
      const state = new Map()
      return (pairs) => addTo(state, pairs).size
    },
  },
  {
    name: 'mapWithState',
    build: (s, { StateSpec }) =>
      s.mapWithState(
        StateSpec.function((_key, value, state) => {
          const sum = (state.exists() ? state.get() : 0) + value
          state.update(sum)
          return sum
        }),
      ),
    plain: () => {
      const state = new Map()
      return (pairs) =>
        pairs.map(([key, value]) => {
          const sum = (state.get(key) ?? 0) + value
          state.set(key, sum)
          return sum
        }).length
    },
  },
  {
    name: 'join',
    build: (s) => s.join(s.reduceByKey((a, b) => a + b)),
    plain: () => (pairs) => {
      const sums = addTo(new Map(), pairs)
      return pairs.map(([k, v]) => [k, [v, sums.get(k)]]).length
    },
  },
  {
    name: 'mapAsync',
    build: (s) => s.mapAsync(async ([k, v]) => [k, v + 1], { concurrency: 64 }),
    plain: () => async (pairs) => (await Promise.all(pairs.map(async ([k, v]) => [k, v + 1]))).length,
  },
  {
    name: "map, onRecordError 'skip'",
    build: (s) => s.map(([k, v]) => [k, v + 1], { onRecordError: 'skip' }),
    plain: () => (pairs) => {
      let n = 0
      for (const [k, v] of pairs) {
        try {
          n += [k, v + 1].length > 0 ? 1 : 0
        } catch {
          n += 0
        }
      }
      return n
    },
  },
  {
    name: 'deadLetters',
    build: (s) => {
      const made = s.map(([k, v]) => [k, v + 1], { onRecordError: 'dead-letter' })
      return made.union(made.deadLetters())
    },
    plain: () => (pairs) => {
      const letters = []
      return pairs.map(([k, v]) => [k, v + 1]).length + letters.length
    },
  },
  ...eventTimeOps,
]
export { BATCH_MS }
