import assert from 'node:assert/strict'
import { ArgumentError, CaptureError, Context, SourceError, StateError, TaskFailedError } from 'millrace'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { actions, NUMERIC } from './dataset-actions.mjs'
import { datasetOperators } from './dataset-ops.mjs'
import { PROPERTIES, planOf, sizesOf } from './dataset-properties.mjs'
import { sourceOf } from './dataset-sources.mjs'
import { asWritten, compareLists, compareNear, drawn, entryOf, NotYet, repeated } from './values.mjs'

/** The classes that stand for the kinds of errors in cases. */
const ERRORS = {
  argument: [ArgumentError, SourceError],
  // An operation that has no meaning for this dataset is a fault of the call.
  unsupported: [ArgumentError, StateError],
  exists: [ArgumentError],
  state: [StateError],
  nested: [CaptureError, StateError, TaskFailedError],
  task: [TaskFailedError],
}

/** Words of the cases' origin, and ours. */
const WORDING = { shutdown: 'stopped' }

/** Builds the datasets of a case. Returns the last one, and the one that its last step was applied to. */
function build(ctx, { rdds, op, action }) {
  const sources = rdds.map((source) => sourceOf(ctx, source, NUMERIC.has(action.op)))
  const apply = (from, steps) =>
    steps.flatMap(repeated).reduce((rdd, step) => {
      const given = step.others ?? step.other ?? []
      const others = () => [given].flat().map((other) => named(other, step))
      return entryOf(datasetOperators, step.op)(rdd, step, () => others()[0], others)
    }, from)
  // Another dataset is a number with steps beside it, or both in one object.
  const named = (other, step) =>
    typeof other === 'number'
      ? apply(sources[other], step.otherSteps ?? [])
      : apply(sources[other.rdd ?? other.input ?? other.other], other.steps ?? other.otherSteps ?? [])
  const before = apply(sources[0], op.slice(0, -1))
  return { rdd: apply(before, op.slice(-1)), before }
}

/** Operations of a case, for the table: its steps, then its action. */
export function operationsOf({ op, action }) {
  const steps = op.flatMap((step) => [step.op, ...(step.otherSteps ?? []).map((inner) => inner.op)])
  return [...new Set([...steps, action.op])]
}

/** Runs the action of a case as often as it asks, and collects what its expectations are about. */
async function observe(ctx, given) {
  const { action } = given
  const { rdd, before } = build(ctx, given)
  const answers = []
  const seen = watches(given) ? ctx.collectionAccumulator() : undefined
  for (const once of repeated(action)) answers.push(asWritten(await entryOf(actions, once.op)(rdd, once, seen, ctx)))
  const plan = planOf(rdd, before)
  const sizes = given.expectProps ? await sizesOf(rdd) : undefined
  return { answers, seen: seen?.value, plan, sizes, inputAfter: await inputAfter(ctx, given) }
}

const watches = ({ action, sideEffect, expectProps }) =>
  [action.sideEffect, sideEffect, expectProps?.sideEffect].some((of) => of !== undefined)

/** The input as it is cached, after the steps that follow the cache have run: they must not have changed it. */
async function inputAfter(ctx, given) {
  if (!given.thenInputUnchanged) return undefined
  const kept = given.op.slice(0, given.op.findIndex((step) => step.op === 'cache') + 1)
  const { rdd: input } = build(ctx, { rdds: given.rdds, action: given.action, op: kept })
  const rest = given.op.slice(kept.length).reduce((made, step) => entryOf(datasetOperators, step.op)(made, step), input)
  await rest.collect()
  return await input.collect()
}

/** A case that fails needs a context of its own: it may stop it. */
async function observeFailure({ threads, options }, given) {
  const { action } = given
  const ctx = contextOf(given, { threads, spare: false, maxFailures: 2, ...options })
  const failing = async () => {
    const { rdd } = build(ctx, given)
    if (action.afterStop) await ctx.stop()
    return await entryOf(actions, action.op)(rdd, action, undefined, ctx)
  }
  try {
    return { answers: [await failing()] }
  } catch (error) {
    if (error instanceof NotYet) throw error
    return { error }
  } finally {
    await ctx.stop()
  }
}

const contextOf = ({ defaultParallelism }, options) =>
  new Context({ ...options, logger: silent, ...(defaultParallelism ? { parallelism: defaultParallelism } : {}) })

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Runs a case in a mode; resolves with what it gave. `contexts` has the contexts that cases share. */
export async function observeDataset(given, mode, contexts) {
  if (given.expectError) return await observeFailure(mode, given)
  if (given.defaultParallelism !== undefined) {
    const ctx = contextOf(given, { threads: mode.threads, spare: false, ...mode.options })
    return await observe(ctx, given).finally(() => ctx.stop())
  }
  const ctx = contexts.of(mode)
  if (mode.kill === undefined) return await observe(ctx, given)
  await ctx.start()
  const slot = drawn(mode.kill, given.id, mode.threads)
  const thread = localEngineOf(ctx)
    .pool.ready()
    .find((ready) => ready.slot === slot)
  const [observed] = await Promise.all([observe(ctx, given), thread?.worker.terminate()])
  // The next case starts with all threads.
  await localEngineOf(ctx).pool.whenStrong()
  return observed
}

/** Compares what a case gave with all that it expects. */
export function judgeDataset(given, observed) {
  if (given.expectError) return judgeError(given.expectError, observed)
  const { expected, expectProps = {}, ordered, tolerance, thenInputUnchanged, sideEffect } = given
  const properties = Object.entries({ ...expectProps, ...(sideEffect === undefined ? {} : { sideEffect }) })
  if (expected === undefined && properties.length === 0) throw new NotYet('a case that expects nothing')
  for (const answer of observed.answers) {
    if (expected === undefined) continue
    if (tolerance !== undefined) compareNear(answer, expected, tolerance)
    else if (Array.isArray(expected)) compareLists(answer, expected, ordered)
    else assert.deepEqual(answer, expected)
  }
  for (const [name, value] of properties) {
    const check = entryOf(PROPERTIES, name)
    for (const answer of observed.answers) check(value, { ...observed, answer })
  }
  if (thenInputUnchanged) compareLists(observed.inputAfter, thenInputUnchanged, true)
}

function judgeError({ kind, contains = '' }, { error, answers }) {
  assert.ok(error, `it gave ${JSON.stringify(answers?.[0])} instead of an error`)
  const kinds = entryOf(ERRORS, kind)
  assert.ok(
    kinds.some((of) => error instanceof of),
    `${kind} is not ${error.name}: ${error.message}`,
  )
  const wording = WORDING[contains] ?? contains
  assert.ok(error.message.includes(wording), `'${error.message}' does not contain '${wording}'`)
}

/** Contexts that cases share, one a mode. */
export function sharedContexts() {
  const open = new Map()
  return {
    of({ name, threads, kill, options }) {
      if (!open.has(name))
        open.set(name, new Context({ threads, spare: kill !== undefined, logger: silent, ...options }))
      return open.get(name)
    },
    async close() {
      await Promise.all([...open.values()].map((ctx) => ctx.stop()))
      open.clear()
    },
  }
}
