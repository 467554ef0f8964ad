import type { Plan } from '../../../ops/plan.js'
import { copyOf, isObject } from '../../../values/own-copy.js'
import type { PairColumns } from '../../blocks/records-codec.js'
import type { StateInput } from '../../protocol.js'
import { faultPoint } from '../fault-points.js'
import { type ColumnSource, compileColumns } from '../merge.js'
import type { PlanCompiler, Source } from '../plans.js'
import { labelled, type Task } from '../task.js'
import { Changes } from './changes.js'
import { type MakeVersion, makeOperator } from './operators.js'
import { Pairs } from './pairs.js'
import { readSnapshots, writeSnapshot } from './snapshot.js'
import { beginIncrement, emptyState, MissingStateError, type StatePartition, tidy } from './store.js'

/**
 * Makes the next version of a partition of kept state in this thread, and gives its entries or its output. A version is
 * made once: a second attempt, or a second output of the batch, finds it.
 */
export function compileState(plan: Plan & { op: 'state' }, compiler: PlanCompiler): Source {
  const { services } = compiler
  const groups = plan.changes.map((sources) => sources.map((of) => compileColumns(of, compiler)))
  const makeVersion = makeOperator(plan.operator, services)
  const timed = plan.operator.kind === 'map' && plan.operator.timeout !== undefined
  const give = compiler.isReadOnly(plan) ? asTheyAre : asCopies
  return (task, each) => {
    const input = task.inputs[plan.slot]!
    if (input.in !== 'state') throw new TypeError(`Kept state is named by a state input, not ${input.in}.`)
    labelled(task, plan.label, () => {
      const state = currentState(input, task)
      if (state.version !== input.to) {
        makeVersionOf(state, input, task)
        // Kept only when the version is whole: a thread killed before has the old one, or none.
        if (!input.detached) services.states.set(input.operator, input.partition, state)
      }
      faultPoint('state:applied')
      if (input.snapshot)
        task.written.push(
          ...writeSnapshot(state, services, {
            key: `${input.operator}/${input.partition}/${input.to}`,
            allKeys: input.snapshot === 'full',
            timed,
          }),
        )
      if (input.watermarks) observe(task, input, state)
      if (plan.emit === 'output') each(give(state.output))
      else if (plan.emit === 'late') each(give(state.late))
      else if (plan.emit === 'entries') state.entries.eachEntries(each, give)
    })
  }

  function makeVersionOf(state: StatePartition, { operator, partition, ...input }: StateInput, task: Task): void {
    try {
      step(state, groups, input, makeVersion, task)
    } catch (error) {
      // The next attempt is sent a recipe.
      if (state.version === undefined && services.states.get(operator, partition) === state)
        services.states.delete(operator, partition)
      throw error
    }
  }

  function currentState(input: StateInput, task: Task): StatePartition {
    const { operator, partition, from, to, rebuild } = input
    if (rebuild) {
      const state = emptyState()
      // Only what is replayed on top of the snapshots is new to them.
      if (rebuild.snapshots.length > 0) beginIncrement(state, readSnapshots(state, rebuild, services))
      for (const past of rebuild.replay) {
        const sources = past.changes.map((group) => group.map((of) => compileColumns(of, compiler)))
        step(state, sources, past, makeVersion, task)
      }
      state.version = from
      faultPoint('state:rebuilt')
      return state
    }
    const held = services.states.get(operator, partition)
    if (held && (held.version === to || (from !== undefined && held.version === from))) return held
    // The first version needs no other, also where it is asked for again and this thread holds a later one.
    if (from === undefined) return emptyState()
    throw new MissingStateError(operator, partition, from)
  }
}

const asTheyAre = (records: readonly unknown[]) => records

/** The state, and other readers of the batch, keep the records themselves. */
const asCopies = (records: readonly unknown[]) => (records.some(isObject) ? records.map(copyOf) : records)

/** One version: all of its changes or, if a function throws, none. */
function step(
  state: StatePartition,
  groups: readonly (readonly ColumnSource[])[],
  { to: time, scan, watermarks }: Pick<StateInput, 'to' | 'scan' | 'watermarks'>,
  make: MakeVersion,
  task: Task,
): void {
  const late: unknown[] = []
  const input = { time, scan, watermarks, late, groups: groups.map((sources) => pairsOf(sources, task)) }
  // Not when the snapshot is written: the task may fail after that, and its next attempt must write the same again.
  if (state.version !== undefined && state.snapshotAt === state.version) beginIncrement(state, state.chainWritten)
  tidy(state)
  const changes = new Changes(state)
  try {
    const output = make(state, changes, input)
    faultPoint('state:half-applied')
    state.output = output
    state.late = late
  } catch (error) {
    // Of no version from now on.
    if (!changes.takeBack()) state.version = undefined
    throw error
  }
  changes.keep(state)
  state.version = time
}

/** A second output of the batch reports the same again. */
function observe(task: Task, { operator: stream, partition, to: time }: StateInput, state: StatePartition): void {
  const late = state.late.length
  task.observed.push({ stream, time, partition, records: 0, late, latest: Number.NEGATIVE_INFINITY })
}

/** The pairs of several plans, in columns. */
function pairsOf(sources: readonly ColumnSource[], task: Task): Pairs {
  const parts: PairColumns[] = []
  for (const source of sources) source(task, (part) => parts.push(part))
  return new Pairs(parts)
}
