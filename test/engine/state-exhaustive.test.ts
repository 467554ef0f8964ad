import { type KeyState, ManualClock, type RDD, StateSpec, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'

const SETS = 3
const IN_A_SET = 3
/** Bit i of a key says whether operation i on it is a put or a remove: every sequence that there is. */
const KEYS = 2 ** (SETS * IN_A_SET)

type Entry = [key: number, value: number]

/** The operations of one set, as records: a value to put, or 0 to remove. */
function operations(set: number): Entry[] {
  return Array.from({ length: IN_A_SET }, (_, i) => set * IN_A_SET + i).flatMap((bit) =>
    Array.from({ length: KEYS }, (_, key): Entry => [key, (key >> bit) & 1 ? (bit + 1) * 1000 + key : 0]),
  )
}

const byKey = (entries: Iterable<readonly [number, number]>) => [...entries].sort(([a], [b]) => a - b)

/** docs/internals/model.md, M8, and M5: a version is not changed by those made from it. */
test.each([
  [1, 1],
  [2, 3],
])('every sequence of puts and removes in three batches, %i threads, %i partitions', async (threads, partitions) => {
  const clock = new ManualClock(0)
  await using ssc = new StreamingContext({ batchInterval: '1s', threads, spare: false, clock })
  ssc.remember('1m')
  const sets = Array.from({ length: SETS }, (_, set) => operations(set))
  const spec = StateSpec.function((_key: number, value: number | undefined, state: KeyState<number>) =>
    value === 0 ? state.remove() : state.update(value!),
  ).numPartitions(partitions)
  const snapshots = ssc
    .queueStream<Entry>([...sets])
    .repartition(1)
    .mapWithState(spec)
    .stateSnapshots()
  snapshots.foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()

  const model = new Map<number, number>()
  const models: Entry[][] = []
  for (const set of sets) {
    await clock.advance(1000)
    await ssc.awaitIdle()
    for (const [key, value] of set) {
      if (value === 0) model.delete(key)
      else model.set(key, value)
    }
    models.push(byKey(model))
    // The newest version, and all that went before it.
    const versions = (snapshots as { slice(from: number, to: number): RDD<Entry>[] }).slice(0, clock.now())
    expect(versions).toHaveLength(models.length)
    for (const [i, version] of versions.entries()) expect(byKey(await version.collect())).toEqual(models[i])
  }
})

/** M9. */
test('the state has as many partitions as it is told, its keys where the partitioner puts them', async () => {
  const clock = new ManualClock(0)
  await using ssc = new StreamingContext({ batchInterval: '1s', threads: 2, spare: false, clock })
  const initial = ssc.context.parallelize<[number, string]>([
    [1, '1'],
    [2, '2'],
    [3, '3'],
  ])
  const spec = StateSpec.function((_key: number, _: number | undefined, state: KeyState<string>) => state.getOption())
    .initialState(initial)
    .numPartitions(10)
  const snapshots = ssc.queueStream<[number, number]>([[]]).mapWithState(spec).stateSnapshots()
  let states!: [number, string][][]
  let places!: unknown
  snapshots.foreachRDD(async (rdd) => {
    states = (await rdd.glom().collect()) as [number, string][][]
    const placed = await initial.partitionBy(10).glom().collect()
    places = placed.map((part) => part.map(([key]) => key))
    expect(rdd.partitioner).toMatchObject({ kind: 'hash', partitions: 10 })
  })
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(states).toHaveLength(10)
  expect(states.map((part) => part.map(([key]) => key))).toEqual(places)
  expect(states.flat().sort()).toEqual([
    [1, '1'],
    [2, '2'],
    [3, '3'],
  ])
})
