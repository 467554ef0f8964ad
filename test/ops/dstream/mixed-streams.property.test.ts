import { type KeyState, type PairStream, StateSpec } from 'millrace'
import { type OutputBatch, runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
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

const RUNS = Number(process.env.FUZZ_RUNS ?? 4)
/** Steps can multiply records: a batch beyond this has nothing more to show. */
const MOST = 1000

const BATCHES = 6

interface Run {
  readonly left: Batches
  readonly right: Batches
  readonly chosen: readonly { readonly step: Step; readonly partitions: number }[]
}

function runs(kind: string, key: fc.Arbitrary<unknown>): fc.Arbitrary<Run> {
  const data = fc.array(pairsOf(key, 15), { minLength: BATCHES, maxLength: BATCHES })
  const step = fc.oneof(fc.constantFrom(...streamSteps), fc.constantFrom(...inBatches(kind)))
  const chosen = fc.record({ step, partitions: fc.integer({ min: 1, max: 4 }) })
  return fc.record({ left: data, right: data, chosen: fc.array(chosen, { minLength: 1, maxLength: 5 }) })
}

/** What each batch must have; undefined for a run with too many records. */
function expectedOf({ left, right, chosen }: Run): Batches | undefined {
  let batches = left
  for (const { step } of chosen) {
    batches = step.model(batches, right)
    if (batches.some((batch) => batch.length > MOST)) return undefined
  }
  return batches
}

const build = ({ chosen }: Run, left: Stream, right: Stream): Stream =>
  chosen.reduce((made, { step, partitions }) => step.run(made, right, partitions), left)

/** A restart may do a batch again, with the same records. */
function expectBatches(got: readonly OutputBatch<unknown>[], expected: Batches): void {
  expect(new Set(got.map(({ time }) => time)).size).toBe(expected.length)
  for (const { time, records } of got) expectBag(records.map(normal), expected[time / 1000 - 1]!.map(normal))
}

describe.each(Object.entries(KEYS))(
  'random streams whose keys are %s',
  { timeout: 600_000 + 30_000 * RUNS },
  (kind, key) => {
    test('equal a model while threads are killed', async () => {
      const given = fc.record({
        of: runs(kind, key),
        threads: fc.integer({ min: 1, max: 2 }),
        kills: fc.array(fc.option(fc.nat(1), { nil: undefined, freq: 2 }), { minLength: BATCHES, maxLength: BATCHES }),
        stateSnapshotInterval: fc.integer({ min: 1, max: 4 }),
      })
      await fc.assert(
        fc.asyncProperty(given, async ({ of, threads, kills, stateSnapshotInterval }) => {
          const expected = expectedOf(of)
          if (!expected) return
          const { ssc } = manual({ threads, stateSnapshotInterval })
          try {
            const [left, right] = [of.left, of.right].map((side) => ssc.queueStream(side.map((batch) => [...batch])))
            build(of, left as unknown as Stream, right as unknown as Stream).output('out')
            const output = gather<Pair>(ssc, 'out')
            await ssc.start()
            await run(ssc, BATCHES, (batch) => {
              const ready = localEngineOf(ssc).pool!.ready()
              const kill = kills[batch]
              if (kill !== undefined) void ready[kill % ready.length]?.worker.terminate()
            })
            await ssc.stop()
            expectBatches(await output, expected)
          } finally {
            await ssc.stop()
          }
        }),
        { numRuns: RUNS },
      )
    })

    test('equal a model with a restart from a checkpoint', async () => {
      const given = fc.record({
        of: runs(kind, key),
        restartAfter: fc.integer({ min: 1, max: BATCHES - 1 }),
        every: fc.integer({ min: 1, max: 3 }),
      })
      await fc.assert(
        fc.asyncProperty(given, async ({ of, restartAfter, every }) => {
          const expected = expectedOf(of)
          if (!expected) return
          const options = { restartAfter, checkpointInterval: every * 1000 }
          const pipeline = (_: unknown, left: unknown, right: unknown) => build(of, left as Stream, right as Stream)
          expectBatches(await runBatches(pipeline, [of.left, of.right], options), expected)
        }),
        { numRuns: RUNS },
      )
    })
  },
)
