import assert from 'node:assert/strict'
import { ArgumentError, ManualClock, MillraceError, StateError, StreamingContext } from 'millrace'
import { runBatches, terminateThread } from 'millrace/testing'
import { streamOperators } from './stream-ops.mjs'
import { asWritten, compareLists, drawn, either, entryOf, NotYet, repeated } from './values.mjs'

/** Builds the streams of a case: its output, the snapshots of its state, and the sizes of its partitions. */
export function build(ssc, { op = [] }, inputs) {
  let snapshots
  const named = (of) => (typeof of === 'number' ? inputs[of] : apply(inputs[of.input ?? 0], of.steps ?? []))
  const all = (list) => (list === undefined ? [] : [list].flat().map(named))
  const apply = (from, steps) =>
    steps.flatMap(repeated).reduce((stream, step) => {
      const others = () => [...all(step.other), ...all(step.others)]
      const names = { ssc, others, other: () => others()[0], streams: () => all(step.streams) }
      const made = entryOf(streamOperators, step.op)(stream, step, names)
      if (step.op === 'mapWithState') snapshots = made.stateSnapshots()
      if (step.op !== 'checkpoint' && step.checkpointMs !== undefined) made.checkpoint(step.checkpointMs)
      return made
    }, from)
  const output = apply(inputs[0], op)
  const sizes = output.mapPartitions((records) => [[...records].length])
  return snapshots ? { output, snapshots, sizes } : { output, sizes }
}

/** Runs the first batches of a case. Resolves with the batches of each output, and of the slices. */
async function run(given, batches, options) {
  const { inputs = [], source, batchMs, numPartitions = 2, slices: wanted } = given
  if (source) return await runQueue(given, batches, options)
  let slices
  const outputs = await runBatches(
    (ssc, ...streams) => {
      const made = build(ssc, given, streams)
      if (wanted && batches > 0) slices = sliceAtEnd(ssc, streams[0], wanted, batches * batchMs)
      return made
    },
    inputs,
    { batchInterval: batchMs, partitions: numPartitions, batches, logger: silent, ...options },
  )
  return { ...withoutRepeated(outputs), slices: slices && (await slices) }
}

/** The same over a queue stream: datasets are put on its queue before each batch. */
async function runQueue(given, batches, { kill, ...mode }) {
  const { kind, enqueue, oneAtATime, default: otherwise, ...unknown } = { ...given.source }
  if (kind !== 'queue') throw new NotYet(`source ${kind}`)
  for (const name of Object.keys(unknown)) throw new NotYet(`${name} of a queue`)
  const { batchMs, numPartitions = 2 } = given
  if (given.inputs?.length > 0) throw new NotYet('a queue beside other inputs')
  const clock = new ManualClock(0)
  const options = { batchInterval: batchMs, parallelism: numPartitions, ...mode, clock, logger: silent, spare: false }
  const ssc = new StreamingContext(options)
  try {
    const queue = []
    const streams = build(ssc, given, [ssc.queueStream(queue, { oneAtATime, default: otherwise ?? undefined })])
    const outputs = {}
    for (const [name, stream] of Object.entries(streams)) {
      outputs[name] = []
      stream.foreachRDD(async (rdd, time) => outputs[name].push({ time, records: await rdd.collect() }), {
        inMemory: true,
      })
    }
    await ssc.start()
    for (let i = 0; i < batches; i++) {
      queue.push(...(enqueue[i] ?? []))
      const slot = kill?.(i + 1)
      if (slot !== undefined) await terminateThread(ssc, slot)
      await clock.advance(batchMs)
      await ssc.awaitIdle()
    }
    return outputs
  } finally {
    await ssc.stop()
  }
}

/** After a restart the batches before it may be done again, and must be as they were. */
export function withoutRepeated(outputs) {
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
const flat = (batches) => asWritten(batches.flatMap(({ records }) => records))

/** Properties of all outputs together. */
const PROPERTIES = {
  // Sorted for its reader: it says nothing of the order in which the elements came.
  flattenedOutputSorted: (expected, { output }) => compareLists(flat(output), expected, false),
  someSnapshotEquals: (expected, { snapshots }) =>
    assert.ok(
      snapshots.some(({ records }) => text(records) === text(expected)),
      'no snapshot is as expected',
    ),
  lastSnapshotEquals: (expected, { snapshots }) => assert.equal(text(snapshots.at(-1).records), text(expected)),
}

/** Checks of what a case may expect. */
const EXPECTATIONS = {
  expected: (expected, { batches }, { ordered }) => compareBatches(batches, expected, ordered),
  expectedSnapshots: (expected, { snapshots }) => compareBatches(snapshots, expected, false),
  outputTimesMs: (expected, { batches }) =>
    assert.deepEqual(
      batches.map(({ time }) => time),
      expected,
    ),
  expectedPartitions: (expected, { output, sizes }, { ordered }) => {
    assert.deepEqual(
      sizes.map(({ records }) => records.length),
      expected.map(({ count }) => count),
    )
    compareBatches(
      output,
      expected.map(({ elements }) => elements),
      ordered,
    )
  },
  foreach: ({ calls, elements, ...unknown }, { output }, { ordered }) => {
    for (const name of Object.keys(unknown)) throw new NotYet(`${name} of foreach`)
    if (calls !== undefined) assert.equal(output.length, calls)
    if (typeof elements === 'number') assert.equal(flat(output).length, elements)
    else if (elements !== undefined) compareLists(flat(output), elements, ordered)
  },
  expectedProperties: (expected, observed, { ordered: _ }) => {
    for (const [name, value] of Object.entries(expected)) entryOf(PROPERTIES, name)(value, observed)
  },
  slices: (expected, { slices }) => {
    assert.equal(slices.length, expected.length)
    expected.forEach((slice, i) => compareLists(slices[i], sliceExpected(slice), false))
  },
}

/**
 * How far a case comes that must fail: `construction`, when the graph is built; `call`, in a call before the start; or
 * the generation of a batch, after others that gave outputs.
 */
async function observeFailure(given, options) {
  const { batchMs: batchInterval, numPartitions: parallelism = 2, runBatches: batches } = given
  const { kill: _, restartAfter: __, ...mode } = options
  const ssc = new StreamingContext({ batchInterval, parallelism, ...mode, clock: new ManualClock(), logger: silent })
  const inputs = (given.inputs ?? [[]]).map((list) => ssc.queueStream([...list]))
  let where = 'construction'
  try {
    const { output } = build(ssc, given, inputs)
    where = 'call'
    if (given.expectError.where === 'call') {
      for (const slice of given.slices ?? [[0, 0]]) output.slice(...limitsOf(slice))
    }
  } catch (error) {
    if (error instanceof NotYet) throw error
    return { where, error }
  } finally {
    await ssc.stop()
  }
  let outputs = { output: [] }
  for (let batch = 1; batch <= batches; batch++) {
    try {
      outputs = await run(given, batch, options)
    } catch (error) {
      if (error instanceof NotYet) throw error
      return { ...outputs, where: 'job generation', batch, error }
    }
  }
  return outputs
}

const CLASSES = {
  construction: [ArgumentError, StateError],
  call: [ArgumentError, StateError],
  'job generation': [MillraceError],
}

function judgeFailure({ expectError, expected, ordered }, { where, batch, error, output }) {
  assert.ok(error, 'nothing was refused')
  assert.equal(where, expectError.where)
  const { contains = '', batch: failing = batch } = expectError
  const kinds = entryOf(CLASSES, where)
  assert.ok(
    kinds.some((kind) => error instanceof kind),
    `it is ${error.name}: ${error.message}`,
  )
  assert.ok(error.message.includes(contains), `'${error.message}' does not contain '${contains}'`)
  assert.equal(batch, failing)
  if (expected) compareBatches(output ?? [], expected, ordered)
}

/** Compares what a case gave with all that it expects. */
export function judgeStream(given, observed) {
  if (given.expectError) return judgeFailure(given, observed)
  const { output } = observed
  const batches = given.dropEmptyOutputs ? output.filter(({ records }) => records.length > 0) : output
  const asked = Object.keys(EXPECTATIONS).filter((name) => given[name] !== undefined)
  if (asked.length === 0) throw new NotYet('a case that expects nothing')
  for (const name of asked) EXPECTATIONS[name](given[name], { ...observed, batches }, given)
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

/** Runs a case in a mode; resolves with what it gave. */
export async function observeStream(given, { threads, kill, options: context = {} }) {
  const options = { threads, ...context }
  if (given.recovery) options.restartAfter = given.recovery.batchesBeforeRestart
  if (kill !== undefined) {
    const killed = 1 + drawn(kill, given.id, Math.max(1, given.runBatches))
    const slot = drawn(kill + 1, given.id, threads)
    options.kill = (batch) => (batch === killed ? slot : undefined)
    // Not after every batch, so that some are done again.
    if (given.recovery) options.checkpointInterval = (1 + drawn(kill + 2, given.id, 3)) * given.batchMs
  }
  return given.expectError ? await observeFailure(given, options) : await run(given, given.runBatches, options)
}
