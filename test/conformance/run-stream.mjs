import assert from 'node:assert/strict'
import { ArgumentError, ManualClock, MillraceError, StateError, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { streamOperators } from './stream-ops.mjs'
import { asWritten, compareLists, drawn, either, entryOf, NotYet } from './values.mjs'

/** Builds the case's streams; answers with its output, the snapshots of its state, and the sizes of its partitions. */
function build(ssc, { op = [] }, inputs) {
  let snapshots
  const named = (of) => (typeof of === 'number' ? inputs[of] : apply(inputs[of.input ?? 0], of.steps ?? []))
  const all = (list) => (list === undefined ? [] : [list].flat().map(named))
  const apply = (from, steps) =>
    steps.reduce((stream, step) => {
      const others = () => [...all(step.other), ...all(step.others)]
      const names = { ssc, others, other: () => others()[0], streams: () => all(step.streams) }
      const made = entryOf(streamOperators, step.op)(stream, step, names)
      if (step.op === 'mapWithState') snapshots = made.stateSnapshots()
      if (step.checkpointMs !== undefined && step.op !== 'checkpoint') made.checkpoint(step.checkpointMs)
      return made
    }, from)
  const output = apply(inputs[0], op)
  const sizes = output.mapPartitions((records) => [[...records].length])
  return snapshots ? { output, snapshots, sizes } : { output, sizes }
}

/** What each batch of a queue takes: datasets are put on it before each batch. */
function queued({ enqueue, oneAtATime = true, default: otherwise = [] }, batches) {
  const waiting = []
  return Array.from({ length: batches }, (_, i) => {
    waiting.push(...(enqueue[i] ?? []))
    if (waiting.length === 0) return otherwise
    return oneAtATime ? waiting.shift() : waiting.splice(0).flat()
  })
}

async function run(given, batches, options) {
  const { inputs = [], source, batchMs, numPartitions = 2 } = given
  if (source && source.kind !== 'queue') throw new NotYet(`source ${source.kind}`)
  const lists = source ? [queued(source, batches)] : inputs
  let slices
  const outputs = await runBatches(
    (ssc, ...streams) => {
      const made = build(ssc, given, streams)
      if (given.slices) slices = sliceAtEnd(ssc, streams[0], given.slices, batches * batchMs)
      return made
    },
    lists,
    { batchInterval: batchMs, partitions: numPartitions, batches, logger: silent, ...options },
  )
  return { ...withoutRepeated(outputs), slices: slices && (await slices) }
}

/** After a restart the batches before it may be done again, and must be as they were. */
function withoutRepeated(outputs) {
  const once = (batches) =>
    batches.filter(({ time, records }, i) => {
      const first = batches.findIndex((other) => other.time === time)
      if (first < i) compareLists(records, asWritten(batches[first].records), false)
      return first === i
    })
  return Object.fromEntries(Object.entries(outputs).map(([name, batches]) => [name, once(batches)]))
}

/** Slices the input in the last batch, while its data is there. Resolves with the elements of each slice. */
function sliceAtEnd(ssc, input, slices, last) {
  ssc.remember(last)
  return new Promise((resolve, reject) => {
    input.foreachRDD(async (_, time) => {
      if (time < last) return
      const parts = slices.map(async (slice) => {
        const rdds = input.slice(...limitsOf(slice))
        return (await Promise.all(rdds.map((rdd) => rdd.collect()))).flat()
      })
      await Promise.all(parts).then(resolve, reject)
    })
  })
}

const limitsOf = (slice) =>
  Array.isArray(slice)
    ? slice.slice(0, 2)
    : [either(slice, 'fromMs', 'from', 'startMs', 'start'), either(slice, 'toMs', 'to', 'endMs', 'end')]
const sliceExpected = (slice) => (Array.isArray(slice) ? slice[2] : either(slice, 'expected', 'elements'))

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function compareBatches(actual, expected, ordered) {
  assert.equal(actual.length, expected.length, `${actual.length} outputs instead of ${expected.length}`)
  actual.forEach(({ records }, i) => compareLists(records, expected[i], ordered))
}

const text = (records) => JSON.stringify([...asWritten(records)].map((record) => JSON.stringify(record)).sort())

/** What a case may expect of its outputs. */
const EXPECTATIONS = {
  expected: (expected, { batches }, { ordered }) => compareBatches(batches, expected, ordered),
  expectedSnapshots: (expected, { snapshots }) => compareBatches(snapshots, expected, false),
  outputTimesMs: (expected, { batches }) =>
    assert.deepEqual(
      batches.map(({ time }) => time),
      expected,
    ),
  expectedPartitions: (expected, { output, sizes }) => {
    assert.deepEqual(
      sizes.map(({ records }) => records.length),
      expected.map(({ count }) => count),
    )
    compareBatches(
      output,
      expected.map(({ elements }) => elements),
      false,
    )
  },
  foreach: (expected, { output }) => {
    assert.equal(output.length, expected.calls)
    assert.equal(output.flatMap(({ records }) => records).length, expected.elements)
  },
  expectedProperties: (expected, { output, snapshots }) => {
    const { flattenedOutputSorted, someSnapshotEquals, lastSnapshotEquals, ...unknown } = expected
    for (const name of Object.keys(unknown)) throw new NotYet(`property ${name}`)
    const flat = asWritten(output.flatMap(({ records }) => records))
    if (flattenedOutputSorted) compareLists(flat, flattenedOutputSorted, false)
    const texts = snapshots.map(({ records }) => text(records))
    if (someSnapshotEquals) assert.ok(texts.includes(text(someSnapshotEquals)), 'no snapshot is as expected')
    if (lastSnapshotEquals) assert.equal(texts.at(-1), text(lastSnapshotEquals))
  },
  slices: (expected, { slices }) =>
    expected.forEach((slice, i) => compareLists(slices[i], sliceExpected(slice), false)),
}

function check(given, outputs) {
  const { output } = outputs
  const batches = given.dropEmptyOutputs ? output.filter(({ records }) => records.length > 0) : output
  const asked = Object.keys(EXPECTATIONS).filter((name) => given[name] !== undefined)
  if (asked.length === 0) throw new NotYet('a case that expects nothing')
  for (const name of asked) EXPECTATIONS[name](given[name], { ...outputs, batches }, given)
}

/** What fails, and where: when the graph is built, in a call, or in a batch after others that gave their outputs. */
async function checkFailure(given, options) {
  const { where, batch, contains = '' } = given.expectError
  const fits = (error, kinds) => {
    if (error instanceof NotYet) throw error
    assert.ok(
      kinds.some((kind) => error instanceof kind),
      `it is ${error?.name}: ${error?.message}`,
    )
    assert.ok(error.message.includes(contains), `'${error.message}' does not contain '${contains}'`)
  }
  if (where === 'job generation') {
    if (batch > 1 && given.expected) {
      const { output } = await run(given, batch - 1, options)
      compareBatches(output, given.expected, given.ordered)
    }
    const error = await run(given, batch, options).catch((thrown) => thrown)
    return fits(error, [MillraceError])
  }
  const { threads } = options
  const ssc = new StreamingContext({ batchInterval: given.batchMs, threads, clock: new ManualClock() })
  const inputs = (given.inputs ?? [[]]).map((list) => ssc.queueStream([...list]))
  try {
    const { output } = build(ssc, given, inputs)
    // A call that is refused before the context has been started.
    if (where === 'call') for (const slice of given.slices ?? [[0, 0]]) output.slice(...limitsOf(slice))
  } catch (error) {
    return fits(error, [ArgumentError, StateError])
  } finally {
    await ssc.stop()
  }
  assert.fail('nothing was refused')
}

/** Operations of a case, for the table. */
export function operationsOf({ op = [], source, slices, foreach, recovery }) {
  const inner = (step) =>
    [step.other, step.others, step.streams].flat().flatMap((of) => (of?.steps ?? []).map((each) => each.op))
  const names = op.flatMap((step) => [step.op, ...inner(step)])
  if (source) names.push(`${source.kind} stream`)
  if (slices) names.push('slice')
  if (recovery) names.push('recovery')
  if (foreach || names.length === 0) names.push('foreachRDD')
  return [...new Set(names)]
}

/** Runs a case in a mode. */
export async function runStream(given, { threads, kill }) {
  const options = { threads }
  if (given.recovery) options.restartAfter = given.recovery.batchesBeforeRestart
  if (kill !== undefined) {
    const killed = 1 + drawn(kill, given.id, Math.max(1, given.runBatches))
    const slot = drawn(kill + 1, given.id, threads)
    options.kill = (batch) => (batch === killed ? slot : undefined)
    // Not after every batch, so that some are done again.
    if (given.recovery) options.checkpointInterval = (1 + drawn(kill + 2, given.id, 3)) * given.batchMs
  }
  if (given.expectError) await checkFailure(given, options)
  else check(given, await run(given, given.runBatches, options))
}
