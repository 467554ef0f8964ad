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
  [...entries.alive()].map((slot) => [entries.key(slot), entries.values[slot], entries.time(slot)])

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
function observeRecord(given) {
  const { key, initialTimeMs, batchTimeMs, initStates, data } = given
  const state = partitionOf(initStates.map((value) => [key, value, initialTimeMs]))
  const made = update(state, {
    fn: given.fn,
    pairs: data.map((value) => [key, value]),
    time: batchTimeMs,
    threshold: given.timeoutThresholdMs,
    scan: given.removeTimedOut ?? false,
  })
  return { ...made, states: entriesOf(state).map(([, value, time]) => [value, time]) }
}

/** `mapWithStateChain`: a partition of several keys, through several batches. */
function observeChain(given) {
  const initial = given.initStates ?? []
  const state = partitionOf(initial.map(([key, value, time]) => [key, value, time ?? given.initialTimeMs]))
  return stepsOf(given).map((step) => {
    const made = update(state, {
      fn: step.fn ?? given.fn,
      pairs: step.data ?? [],
      time: step.batchTimeMs ?? step.timeMs,
      threshold: step.timeoutThresholdMs ?? given.timeoutThresholdMs,
      scan: step.removeTimedOut ?? given.removeTimedOut ?? false,
    })
    return { ...made, states: entriesOf(state) }
  })
}

function stepsOf(given) {
  const steps = given.steps ?? given.chain
  if (!Array.isArray(steps)) throw new NotYet('a chain without steps')
  return steps
}

const EXPECTATIONS = {
  expectedStates: (expected, { states }, ordered) => compareLists(states, expected, ordered),
  expectedMapped: (expected, { mapped }, ordered) => compareLists(mapped, expected, ordered),
  expectedTimingOut: (expected, { timingOut }, ordered) => compareLists(timingOut, expected, ordered),
  expectedRemoved: (expected, { removed }, ordered) => compareLists(removed, expected, ordered),
  expectFunctionCalled: (expected, { called }) => assert.equal(called, expected),
}

function judgeUpdate(given, observed, ordered) {
  const asked = Object.keys(EXPECTATIONS).filter((name) => given[name] !== undefined)
  if (asked.length === 0) throw new NotYet('an update that expects nothing')
  for (const name of asked) EXPECTATIONS[name](given[name], observed, ordered)
}

/** Updates the state of one partition, without threads: the same in every mode. */
export function observeStateUpdate(given) {
  if (given.kind === 'mapWithStateRecord') return observeRecord(given)
  if (given.kind === 'mapWithStateChain') return observeChain(given)
  throw new NotYet(`kind ${given.kind}`)
}

export function judgeStateUpdate(given, observed) {
  const { ordered = false } = given
  if (given.kind === 'mapWithStateRecord') return judgeUpdate(given, observed, ordered)
  stepsOf(given).forEach((step, i) => judgeUpdate(step, observed[i], ordered))
}
