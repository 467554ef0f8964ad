import assert from 'node:assert/strict'
import { ArgumentError, Context, SourceError, StateError, TaskFailedError } from 'millrace'
import { actions, NUMERIC } from './dataset-actions.mjs'
import { datasetOperators } from './dataset-ops.mjs'
import { sourceOf } from './dataset-sources.mjs'
import { asWritten, compareLists, compareNear, drawn, entryOf, NotYet } from './values.mjs'

/** What an error of a case is here. */
const ERRORS = {
  argument: [ArgumentError, SourceError],
  // An operation that has no meaning for this dataset, and what is there already: both are faults of what was asked.
  unsupported: [ArgumentError, StateError],
  exists: [ArgumentError],
  state: [StateError],
  nested: [StateError, TaskFailedError, ArgumentError],
  task: [TaskFailedError],
}

/** What messages of the cases' origin say, and ours. */
const WORDING = { shutdown: 'stopped' }

function build(ctx, { rdds, op, action }) {
  const sources = rdds.map((source) => sourceOf(ctx, source, NUMERIC.has(action.op)))
  const apply = (from, steps) =>
    steps.reduce((rdd, step) => {
      const given = step.others ?? step.other ?? []
      const others = () => [given].flat().map((other) => named(other, step))
      return entryOf(datasetOperators, step.op)(rdd, step, () => others()[0], others)
    }, from)
  // Another dataset is a number, with steps beside it, or both in one.
  const named = (other, step) =>
    typeof other === 'number'
      ? apply(sources[other], step.otherSteps ?? [])
      : apply(sources[other.rdd ?? other.input ?? other.other], other.steps ?? other.otherSteps ?? [])
  return apply(sources[0], op)
}

/** Operations of a case, for the table: its steps, then its action. */
export function operationsOf({ op, action }) {
  const steps = op.flatMap((step) => [step.op, ...(step.otherSteps ?? []).map((inner) => inner.op)])
  return [...new Set([...steps, action.op])]
}

/** Properties of an answer and its dataset. */
const PROPERTIES = {
  numPartitions: (n, { sizes }) => assert.equal(sizes.length, n),
  nonEmptyPartitions: (of, { sizes }) => {
    for (const p of of) assert.ok(sizes[p] > 0, `partition ${p} is empty`)
  },
  allPartitionsNonEmpty: (_, { sizes }) => assert.ok(Math.min(...sizes) > 0, `sizes ${sizes}`),
  partitionSizes: (expected, { sizes }) => assert.deepEqual(sizes, expected),
  count: (n, { answer }) => assert.equal(answer.length, n),
  distinct: (_, { answer }) => assert.equal(new Set(answer.map((x) => JSON.stringify(x))).size, answer.length),
  range: ([from, to], { answer }) => {
    for (const x of answer) assert.ok(x >= from && x <= to, `${x} is not from ${from} to ${to}`)
  },
  parts: (n, { answer }) => assert.equal(answer.length, n),
  unionEquals: (n, { answer }) =>
    compareLists(
      answer.flat(),
      Array.from({ length: n }, (_, i) => i + 1),
      false,
    ),
  partSizes: (limits, { answer }) =>
    limits.forEach(([least, most], i) => {
      const size = answer[i].length
      assert.ok(size >= least && size <= most, `part ${i} has ${size} elements`)
    }),
  countBetween: ([least, most], { answer }) => {
    const size = typeof answer === 'number' ? answer : answer.length
    assert.ok(size >= least && size <= most, `${size} is not from ${least} to ${most}`)
  },
  // About planning, which is no promise here.
  keepsPartitioner: () => {},
  shuffles: () => {},
}

async function checkProperties(rdd, answer, properties) {
  const checks = Object.entries(properties).map(([name, value]) => [entryOf(PROPERTIES, name), value])
  if (checks.length === 0) return
  const sizes = await rdd.mapPartitions((records) => [[...records].length]).collect()
  for (const [check, value] of checks) check(value, { answer, sizes })
}

async function check(ctx, given) {
  const { expected, expectProps = {}, ordered, tolerance, action, op } = given
  const rdd = build(ctx, given)
  const answer = asWritten(await entryOf(actions, action.op)(rdd, action))
  if (expected === undefined && Object.keys(expectProps).length === 0) throw new NotYet('a case that expects nothing')
  if (expected !== undefined) {
    if (tolerance !== undefined) compareNear(answer, expected, tolerance)
    else if (Array.isArray(expected)) compareLists(answer, expected, ordered)
    else assert.deepEqual(answer, expected)
  }
  await checkProperties(rdd, answer, expectProps)
  if (given.thenInputUnchanged) {
    // The steps up to the cache are the input of what follows; computing the whole must not have changed what is kept.
    const kept = op.slice(0, op.findIndex((step) => step.op === 'cache') + 1)
    const input = build(ctx, { ...given, op: kept })
    const rest = op.slice(kept.length).reduce((made, step) => entryOf(datasetOperators, step.op)(made, step), input)
    await rest.collect()
    compareLists(await input.collect(), given.thenInputUnchanged, true)
  }
}

/** A case that fails needs a context of its own: it may stop it. */
async function checkFailure(threads, given) {
  const { expectError, action } = given
  const ctx = new Context({ threads, spare: false, maxFailures: 2, logger: silent })
  const failing = async () => {
    const rdd = build(ctx, given)
    if (action.afterStop) await ctx.stop()
    return await entryOf(actions, action.op)(rdd, action)
  }
  const error = await failing()
    .then(
      (answer) => new assert.AssertionError({ message: `it gave ${JSON.stringify(answer)} instead of an error` }),
      (thrown) => thrown,
    )
    .finally(() => ctx.stop())
  if (error instanceof NotYet) throw error
  const { kind, contains = '' } = expectError
  const kinds = entryOf(ERRORS, kind)
  assert.ok(
    kinds.some((of) => error instanceof of),
    `${kind} is not ${error.name}: ${error.message}`,
  )
  const wording = WORDING[contains] ?? contains
  assert.ok(error.message.includes(wording), `'${error.message}' does not contain '${wording}'`)
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Runs a case in a mode. `contexts` gives one that many cases share. */
export async function runDataset(given, mode, contexts) {
  if (given.expectError) return await checkFailure(mode.threads, given)
  const ctx = contexts.of(mode)
  if (mode.kill === undefined) return await check(ctx, given)
  await ctx.start()
  const slot = drawn(mode.kill, given.id, mode.threads)
  const thread = ctx.engine.pool.ready().find((ready) => ready.slot === slot)
  await Promise.all([check(ctx, given), thread?.worker.terminate()])
  // The next case begins with all threads.
  await ctx.engine.pool.whenStrong()
}

/** Contexts that cases share, one a mode. */
export function sharedContexts() {
  const open = new Map()
  return {
    of({ name, threads, kill }) {
      if (!open.has(name)) open.set(name, new Context({ threads, spare: kill !== undefined, logger: silent }))
      return open.get(name)
    },
    async close() {
      await Promise.all([...open.values()].map((ctx) => ctx.stop()))
      open.clear()
    },
  }
}
