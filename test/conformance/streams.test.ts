import fc from 'fast-check'
import {
  ArgumentError,
  type DStream,
  type MapWithStateStream,
  type OutputBatch,
  StateError,
  type Stream,
  StreamingContext,
} from 'millrace'
import { ManualClock, type RunBatchesOptions, runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { expectBag } from '../support/compare.js'
import { asWritten, type Branch, type CaseStep, type StreamCase, streamCases } from './cases.js'
import { missingOf, streamOperators } from './stream-ops.js'

interface Outputs {
  readonly output: OutputBatch[]
  readonly snapshots?: OutputBatch[]
  readonly sizes?: OutputBatch<number>[]
}

// biome-ignore lint/suspicious/noExplicitAny: cases are typed by their data
type AnyStream = DStream<any>

function build(
  ssc: StreamingContext,
  { op = [] }: StreamCase,
  inputs: readonly AnyStream[],
): Record<string, Stream<unknown>> {
  let snapshots: Stream<unknown> | undefined
  const apply = (from: AnyStream, steps: readonly CaseStep[]): AnyStream =>
    steps.reduce((stream, step) => {
      const made = streamOperators[step.op]!(stream, step, branch, ssc) as AnyStream
      if (step.op === 'mapWithState')
        snapshots = (made as unknown as MapWithStateStream<unknown, unknown, unknown>).stateSnapshots()
      return made
    }, from)
  const branch = (of: number | Branch): AnyStream =>
    typeof of === 'number' ? inputs[of]! : apply(inputs[of.input]!, of.steps)
  const output = apply(inputs[0]!, op)
  const sizes = output.mapPartitions((records) => [[...records].length])
  return snapshots ? { output, snapshots, sizes } : { output, sizes }
}

async function run(given: StreamCase, batches: number, options: RunBatchesOptions): Promise<Outputs> {
  const { inputs = [], source, batchMs, numPartitions = 2 } = given
  // A queue that is emptied in each batch holds what was put on it before the batch.
  const lists = source ? [source.enqueue.map((datasets) => datasets.flat())] : inputs
  return (await runBatches(
    (ssc, ...streams) => build(ssc, given, streams as AnyStream[]),
    lists as [(unknown[] | null)[]],
    {
      batchInterval: batchMs,
      partitions: numPartitions,
      batches,
      ...options,
    },
  )) as unknown as Outputs
}

function compareBatches(
  actual: readonly OutputBatch[],
  expected: readonly (readonly unknown[])[],
  ordered: boolean,
): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach(({ records }, i) => {
    if (ordered) expect(asWritten(records)).toStrictEqual(expected[i])
    else expectBag(asWritten(records) as unknown[], expected[i]!)
  })
}

function check(given: StreamCase, { output, snapshots, sizes }: Outputs): void {
  const {
    expected,
    expectedSnapshots,
    expectedProperties,
    expectedPartitions,
    foreach,
    outputTimesMs,
    ordered,
    dropEmptyOutputs,
  } = given
  const batches = dropEmptyOutputs ? output.filter(({ records }) => records.length > 0) : output
  if (expected) compareBatches(batches, expected, ordered)
  if (expectedSnapshots) compareBatches(snapshots!, expectedSnapshots, false)
  if (outputTimesMs) expect(batches.map(({ time }) => time)).toEqual(outputTimesMs)
  if (expectedPartitions) {
    expect(sizes!.map(({ records }) => records.length)).toEqual(expectedPartitions.map(({ count }) => count))
    compareBatches(
      output,
      expectedPartitions.map(({ elements }) => elements),
      false,
    )
  }
  if (foreach) {
    expect(output).toHaveLength(foreach.calls)
    expect(output.flatMap(({ records }) => records)).toHaveLength(foreach.elements)
  }
  if (expectedProperties) {
    const { flattenedOutputSorted, someSnapshotEquals, lastSnapshotEquals } = expectedProperties
    expect(output.flatMap(({ records }) => records).sort()).toEqual(flattenedOutputSorted)
    const texts = snapshots!.map(({ records }) => JSON.stringify([...records].sort()))
    expect(texts).toContain(JSON.stringify([...someSnapshotEquals].sort()))
    expect(texts.at(-1)).toBe(JSON.stringify([...lastSnapshotEquals].sort()))
  }
  expect(expected ?? expectedProperties ?? expectedPartitions ?? foreach).toBeDefined()
}

/** Runs a case whose last batch fails: the batches before it give their outputs. */
async function checkFailure(given: StreamCase, options: RunBatchesOptions): Promise<void> {
  const { where, batch, contains = '' } = given.expectError!
  if (where === 'job generation') {
    const { output } = await run(given, batch! - 1, options)
    compareBatches(output, given.expected!, given.ordered)
    const error = await run(given, batch!, options).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(StateError)
    expect((error as Error).message).toContain(contains)
    return
  }
  await using ssc = new StreamingContext({ batchInterval: given.batchMs, threads: 1, clock: new ManualClock() })
  const streams = given.inputs!.map((list) => ssc.queueStream([...list]) as AnyStream)
  expect(() => build(ssc, given, streams)).toThrow(ArgumentError)
  expect(() => build(ssc, given, streams)).toThrow(contains)
}

const runnable = streamCases.filter((given) => missingOf(given).length === 0)

/** Given with SEED, or new each time: it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? Date.now() % 100_000)

describe('stream cases', () => {
  describe.each(runnable)('$id: $name', (given) => {
    const perform = async (options: RunBatchesOptions): Promise<void> => {
      if (given.expectError) await checkFailure(given, options)
      else check(given, await run(given, given.runBatches, options))
    }
    test('1 thread', () => perform({ threads: 1 }))
    test('2 threads', () => perform({ threads: 2 }))
    test(`2 threads, one killed in a random batch (SEED=${seed})`, () => {
      const [killed, slot] = fc.sample(
        fc.tuple(fc.integer({ min: 1, max: Math.max(1, given.runBatches) }), fc.nat({ max: 1 })),
        { seed: seed + given.id.length, numRuns: 1 },
      )[0]!
      return perform({ threads: 2, kill: (batch) => (batch === killed ? slot : undefined) })
    })
  })
})
