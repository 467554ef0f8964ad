import assert from 'node:assert/strict'
import { KeyColumn } from '#build/pool/blocks/key-column.js'
import { Changes } from '#build/pool/worker/state/changes.js'
import { makeMapOperator } from '#build/pool/worker/state/map-operator.js'
import { Pairs } from '#build/pool/worker/state/pairs.js'
import { StateTable } from '#build/pool/worker/state/table.js'
import { compareLists, compiled, NotYet } from './values.mjs'

/** A state partition with these entries, `[key, value, lastTime]`. */
function partitionOf(entries) {
  const table = new StateTable()
  for (const [key, value, time] of entries) table.add(key, value, time)
  return { entries: table }
}

/** The same form, as it is now. */
const entriesOf = ({ entries }) =>
  [...entries.alive()].map((slot) => [entries.keys[slot], entries.values[slot], entries.time(slot)])

/** Updates a partition as one batch does; answers with what the function saw and gave. */
function update(state, { fn, pairs, time, threshold, scan }) {
  const seen = { called: false, timingOut: [], removed: [] }
  const user = compiled(fn)
  const watched = (at, key, value, of) => {
    seen.called = true
    const before = of.exists() ? of.get() : undefined
    if (of.isTimingOut()) seen.timingOut.push(before)
    const mapped = user(at, key, value, of)
    if (of.isRemoved()) seen.removed.push(before)
    return mapped
  }
  // A threshold is the time before which a key is idle.
  const timeout = threshold === null || threshold === undefined ? undefined : time - threshold
  const operator = { kind: 'map', fn: watched, timed: true, timeout }
  const make = makeMapOperator(operator, { resolve: (given) => given })
  const keys = KeyColumn.of(pairs.map(([key]) => key))
  const groups = [new Pairs([{ keys, values: pairs.map(([, value]) => value) }])]
  const mapped = make(state, new Changes(state), { time, groups, scan })
  return { ...seen, mapped }
}

/** `mapWithStateRecord`: the states of one key, and a batch of values for it. */
function runRecord(given) {
  const { key, initialTimeMs, batchTimeMs, initStates, data } = given
  const state = partitionOf(initStates.map((value) => [key, value, initialTimeMs]))
  const made = update(state, {
    fn: given.fn,
    pairs: data.map((value) => [key, value]),
    time: batchTimeMs,
    threshold: given.timeoutThresholdMs,
    scan: given.removeTimedOut ?? false,
  })
  compareLists(
    entriesOf(state).map(([, value, time]) => [value, time]),
    given.expectedStates,
    false,
  )
  compareLists(made.mapped, given.expectedMapped, false)
  compareLists(made.timingOut, given.expectedTimingOut, false)
  compareLists(made.removed, given.expectedRemoved, false)
  if (given.expectFunctionCalled !== undefined) assert.equal(made.called, given.expectFunctionCalled)
}

/** `mapWithStateChain`: a partition of several keys, through several batches. */
function runChain(given) {
  const steps = given.steps ?? given.chain ?? given.updates ?? given.batches
  if (!Array.isArray(steps)) throw new NotYet('a chain without steps')
  const initial = given.initStates ?? given.initialStates ?? []
  const state = partitionOf(initial.map(([key, value, time]) => [key, value, time ?? given.initialTimeMs ?? 0]))
  steps.forEach((step, i) => {
    const made = update(state, {
      fn: step.fn ?? given.fn,
      pairs: step.data ?? [],
      time: step.batchTimeMs ?? step.timeMs ?? (given.initialTimeMs ?? 0) + (i + 1) * (given.batchMs ?? 1000),
      threshold: step.timeoutThresholdMs ?? given.timeoutThresholdMs,
      scan: step.removeTimedOut ?? step.checkpoint ?? given.removeTimedOut ?? false,
    })
    if (step.expectedStates) {
      compareLists(entriesOf(state), step.expectedStates, false)
    }
    if (step.expectedMapped) compareLists(made.mapped, step.expectedMapped, false)
    if (step.expectedTimingOut) compareLists(made.timingOut, step.expectedTimingOut, false)
    if (step.expectedRemoved) compareLists(made.removed, step.expectedRemoved, false)
  })
}

/** The update of one partition's state, without threads: the same in every mode. */
export async function runStateUpdate(given) {
  if (given.kind === 'mapWithStateRecord') return runRecord(given)
  if (given.kind === 'mapWithStateChain') return runChain(given)
  throw new NotYet(`kind ${given.kind}`)
}
