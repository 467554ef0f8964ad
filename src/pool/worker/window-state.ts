import type { Plan } from '../../ops/plan.js'
import { KeyedMap } from '../../ops/keys.js'
import { decodePairs, encodePairs } from '../blocks/records-codec.js'
import type { StateInput } from '../protocol.js'
import { faultPoint } from './fault-points.js'
import type { PlanCompiler, Source } from './plans.js'
import { MissingStateError, type StatePartition } from './state-store.js'
import { labelled, type Task } from './task.js'

interface WindowFunctions {
  readonly reduce: (a: unknown, b: unknown) => unknown
  readonly inverse: (total: unknown, old: unknown) => unknown
  readonly filter: ((pair: [unknown, unknown]) => boolean) | undefined
}

/**
 * A window's totals, kept in this thread: value = inverse(previous, old) then reduce with the new. The cost of a version
 * follows the keys that enter and leave. All changes of a version are made or none: see `apply`.
 */
export function compileWindowState(plan: Plan & { op: 'window-state' }, compiler: PlanCompiler): Source {
  const { resolve, states, segments, scratch } = compiler.services
  const entering = plan.entering.map((part) => compiler.source(part))
  const leaving = plan.leaving.map((part) => compiler.source(part))
  const functions: WindowFunctions = {
    reduce: resolve(plan.reduce),
    inverse: resolve(plan.inverse),
    filter: plan.filter && resolve(plan.filter),
  }

  const rebuilt = (input: StateInput, task: Task): StatePartition => {
    const state: StatePartition = { version: undefined, entries: new KeyedMap() }
    const { snapshot, replay } = input.rebuild!
    if (snapshot) {
      const { keys, values } = decodePairs(segments.open(snapshot))
      keys.forEach((key, i) => state.entries.set(key, values[i]))
    }
    for (const past of replay) {
      const sources = (plans: readonly Plan[]) => plans.map((p) => compiler.adHoc(p))
      apply(state, sources(past.entering), sources(past.leaving), functions, task)
    }
    state.version = input.from
    return state
  }

  return (task, each) => {
    const input = task.inputs[plan.slot]!
    if (input.in !== 'state') throw new TypeError(`Kept state is named by a state input, not ${input.in}.`)
    labelled(task, plan.label, () => {
      const { operator, partition, from, to } = input
      const state = input.rebuild ? rebuilt(input, task) : (states.get(operator, partition) ?? states.fresh(from))
      if (!state) throw new MissingStateError(operator, partition, from)
      // A second output of the same batch, or a second attempt, finds the version made already.
      if (state.version !== to) {
        if (state.version !== from) throw new MissingStateError(operator, partition, from)
        apply(state, entering, leaving, functions, task)
        state.version = to
      }
      if (!input.detached) states.set(operator, partition, state)
      faultPoint('state:applied')
      if (input.snapshot) {
        const keys: unknown[] = []
        const values: unknown[] = []
        for (const [key, value] of state.entries.entries()) {
          keys.push(key)
          values.push(value)
        }
        scratch.reset()
        encodePairs(scratch, keys, values)
        const block = compiler.services.seal('records', keys.length, 'long')
        task.written.push({ as: 'snapshot', key: `${operator}/${partition}`, block })
      }
      each(state.entries.entries())
    })
  }
}

/** Makes the next version. If a user's function throws midway, what was changed is put back. */
function apply(
  { entries }: StatePartition,
  entering: readonly Source[],
  leaving: readonly Source[],
  { reduce, inverse, filter }: WindowFunctions,
  task: Task,
): void {
  const undo: { key: unknown; had: boolean; value: unknown }[] = []
  const change = (key: unknown, value: unknown) => {
    undo.push({ key, had: entries.has(key), value: entries.get(key) })
    entries.set(key, value)
  }
  try {
    const old = reduced(leaving, reduce, task)
    const fresh = reduced(entering, reduce, task)
    for (const [key, value] of old) if (entries.has(key)) change(key, inverse(entries.get(key), value))
    faultPoint('state:half-applied')
    for (const [key, value] of fresh) change(key, entries.has(key) ? reduce(entries.get(key), value) : value)
    if (!filter) return
    for (const { key } of [...undo]) {
      const value = entries.get(key)
      if (!entries.has(key) || filter([key, value])) continue
      undo.push({ key, had: true, value })
      entries.delete(key)
    }
  } catch (error) {
    for (const { key, had, value } of undo.reverse()) {
      if (had) entries.set(key, value)
      else entries.delete(key)
    }
    throw error
  }
}

/** The pairs of all sources, one a key: a range of several batches is reduced first. */
function reduced(sources: readonly Source[], reduce: WindowFunctions['reduce'], task: Task): Iterable<[unknown, unknown]> {
  if (sources.length === 0) return []
  const totals = new KeyedMap<unknown>()
  for (const source of sources) {
    source(task, (records) => {
      for (const [key, value] of records as Iterable<[unknown, unknown]>) {
        totals.set(key, totals.has(key) ? reduce(totals.get(key), value) : value)
      }
    })
  }
  return totals.entries()
}
