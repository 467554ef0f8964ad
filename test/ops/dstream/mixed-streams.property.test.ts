import { type KeyState, type PairStream, StateSpec } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from '../../engine/support.js'
import { expectBag } from '../../support/compare.js'
import fc from '../../support/fast-check.js'
import { grouped, KEYS, normal, type Pair, pairsOf, stepsFor, sumOf, whole } from '../mixed-steps.js'

type Stream = PairStream<unknown, unknown>
type Batches = Pair[][]

/** One operation on a stream of pairs: as the library does it, and in plain arrays, batch by batch. */
interface Step {
  readonly name: string
  readonly run: (stream: Stream, other: Stream, partitions: number) => Stream
  readonly model: (batches: Batches, other: Batches) => Batches
}

const windowAt = (batches: Batches, i: number, length: number): Pair[] =>
  batches.slice(Math.max(0, i - length + 1), i + 1).flat()

const sums = (pairs: Pair[]): Pair[] => [...grouped(pairs).values()].map(({ key, values }) => [key, sumOf(values)])

/** Runs over the batches with a state for each key. `step` returns the new state, and what the batch has for the key. */
function withState<S>(
  batches: Batches,
  step: (values: unknown[], state: S | undefined) => [S | undefined, unknown[]],
): Batches {
  const states = new Map<string, { key: unknown; state: S }>()
  return batches.map((pairs) => {
    const groups = grouped(pairs)
    const output: Pair[] = []
    for (const name of new Set([...states.keys(), ...groups.keys()])) {
      const key = (states.get(name) ?? groups.get(name))!.key
      const [state, emitted] = step(groups.get(name)?.values ?? [], states.get(name)?.state)
      if (state === undefined) states.delete(name)
      else states.set(name, { key, state })
      output.push(...emitted.map((value): Pair => [key, value]))
    }
    return output
  })
}

const streamSteps: Step[] = [
  {
    name: 'window',
    run: (stream) => stream.window('2s') as Stream,
    model: (batches) => batches.map((_, i) => windowAt(batches, i, 2)),
  },
  {
    name: 'reduceByKeyAndWindow with an inverse',
    run: (stream, _, n) =>
      stream
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', {
          inverse: (a, b) => a - b,
          filter: ([, sum]) => sum !== 0,
          partitions: n,
        }) as Stream,
    model: (batches) => batches.map((_, i) => sums(windowAt(batches, i, 3)).filter(([, sum]) => sum !== 0)),
  },
  {
    name: 'reduceByKeyAndWindow',
    run: (stream, _, n) =>
      stream
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', { partitions: n }) as Stream,
    model: (batches) => batches.map((_, i) => sums(windowAt(batches, i, 2))),
  },
  {
    name: 'groupByKeyAndWindow',
    run: (stream) => stream.groupByKeyAndWindow('3s', '1s').mapValues((values) => values.length) as Stream,
    model: (batches) =>
      batches.map((_, i) =>
        [...grouped(windowAt(batches, i, 3)).values()].map(({ key, values }): Pair => [key, values.length]),
      ),
  },
  {
    name: 'countByValueAndWindow',
    run: (stream) => stream.map(([k]) => k).countByValueAndWindow('2s', '1s') as Stream,
    model: (batches) =>
      batches.map((_, i) =>
        [...grouped(windowAt(batches, i, 2)).values()].map(({ key, values }): Pair => [key, values.length]),
      ),
  },
  {
    name: 'updateStateByKey',
    run: (stream, _, n) =>
      stream
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .updateStateByKey<number>(
          (values, state) => {
            const sum = values.reduce((a, b) => a + b, state ?? 0)
            return sum % 4 === 3 ? undefined : sum
          },
          { partitions: n },
        ) as Stream,
    model: (batches) =>
      withState<number>(batches, (values, state) => {
        const sum = values.map(whole).reduce((a, b) => a + b, state ?? 0)
        return sum % 4 === 3 ? [undefined, []] : [sum, [sum]]
      }),
  },
  {
    name: 'mapWithState',
    run: (stream) =>
      stream.mapWithState(
        StateSpec.function((key: unknown, _value: unknown, state: KeyState<number>): Pair => {
          const count = (state.getOption() ?? 0) + 1
          if (count === 4) state.remove()
          else state.update(count)
          return [key, count]
        }),
      ) as unknown as Stream,
    model: (batches) =>
      withState<number>(batches, (values, state) => {
        const counts = values.map((_, i) => (((state ?? 0) + i) % 4) + 1)
        const last = counts.at(-1) ?? state
        return [last === 4 ? undefined : last, counts]
      }),
  },
  {
    name: 'union',
    run: (stream, other) => stream.union(other) as Stream,
    model: (batches, other) => batches.map((batch, i) => [...batch, ...other[i]!]),
  },
  { name: 'persist', run: (stream) => stream.persist() as Stream, model: (batches) => batches },
]

/** An operation on datasets in each batch. */
const inBatches = (kind: string): Step[] =>
  stepsFor(kind).map((step) => ({
    name: step.name,
    run: (stream, other, n) => stream.transformWith(other, (a, b) => step.run(a as never, b as never, n)) as Stream,
    model: (batches, other) => batches.map((batch, i) => step.model(batch, other[i]!)),
  }))

const RUNS = Number(process.env.FUZZ_RUNS ?? 6)
/** Steps can multiply records: a batch beyond this has nothing more to show. */
const MOST = 1000

test.each(Object.entries(KEYS))('random streams, with kills: keys are %s', { timeout: 120_000 }, async (kind, key) => {
  const batches = 6
  const data = fc.array(pairsOf(key, 15), { minLength: batches, maxLength: batches })
  const partitions = fc.integer({ min: 1, max: 4 })
  const step = fc.oneof(fc.constantFrom(...streamSteps), fc.constantFrom(...inBatches(kind)))
  const given = fc.record({
    left: data,
    right: data,
    threads: fc.integer({ min: 1, max: 2 }),
    kills: fc.array(fc.option(fc.nat(1), { nil: undefined, freq: 2 }), { minLength: batches, maxLength: batches }),
    stateSnapshotInterval: fc.integer({ min: 1, max: 4 }),
    chosen: fc.array(fc.record({ step, partitions }), { minLength: 1, maxLength: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(given, async ({ left, right, threads, kills, stateSnapshotInterval, chosen }) => {
      const expected = [left as Batches]
      for (const { step } of chosen) {
        expected.push(step.model(expected.at(-1)!, right))
        if (expected.at(-1)!.some((batch) => batch.length > MOST)) return
      }
      const { ssc } = manual({ threads, stateSnapshotInterval })
      try {
        const other = ssc.queueStream(right.map((batch) => [...batch])) as unknown as Stream
        const stream = chosen.reduce(
          (made, { step, partitions: n }) => step.run(made, other, n),
          ssc.queueStream(left.map((batch) => [...batch])) as unknown as Stream,
        )
        stream.output('out')
        const output = gather<Pair>(ssc, 'out')
        await ssc.start()
        await run(ssc, batches, (batch) => {
          const ready = localEngineOf(ssc).pool!.ready()
          const kill = kills[batch]
          if (kill !== undefined) void ready[kill % ready.length]?.worker.terminate()
        })
        await ssc.stop()
        const got = await output
        expect(got.length).toBe(batches)
        for (const [i, batch] of expected.at(-1)!.entries()) expectBag(got[i]!.records.map(normal), batch.map(normal))
      } finally {
        await ssc.stop()
      }
    }),
    { numRuns: RUNS },
  )
})
