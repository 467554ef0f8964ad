import { intrinsicsIntact, textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import type { Plan } from '../../../ops/plan.js'
import { copiesOf } from '../../../values/copy.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { encodeRecords } from '../../blocks/records-codec.js'
import type { StateInput } from '../../protocol.js'
import { type ColumnSource, compileColumns } from '../operators/merge.js'
import { PairRecords } from '../operators/pair-records.js'
import { faultPoint } from '../runtime/fault-points.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { labelled, type Task } from '../runtime/task.js'
import { Changes } from './changes.js'
import type { MakeVersion } from './make-version.js'
import { makeOperator } from './operators.js'
import { Pairs } from './pairs.js'
import { readSnapshots, writeSnapshot } from './snapshot.js'
import { beginIncrement, emptyState, lastSnapshot, MissingStateError, type StatePartition, tidy } from './store.js'
import { isHidden } from './window-operator.js'

/** Yields entries in columns, and outputs in arrays. */
type StateSource = (task: Task, each: (records: PairRecords | readonly unknown[]) => void) => void

/**
 * Compiles the next version of a partition of state in this thread, and yields its entries or its output. A version is
 * computed once: a second attempt, or a second output of the batch, finds it.
 */
export function compileState(plan: Plan & { op: 'state' }, compiler: PlanCompiler): Source {
  const source = compileStateColumns(plan, compiler)
  return (task, each) => source(task, (records) => each(records instanceof PairRecords ? records.toArray() : records))
}

/** Like `compileState`, for loops: entries come as PairRecords. */
export function compileStateColumns(plan: Plan & { op: 'state' }, compiler: PlanCompiler): StateSource {
  const versions = new StateVersions(plan, compiler)
  // Proofs rely on built-in objects. Modules replace some when they load; later, only those that most functions use are
  // compared, because comparing all takes 0.25 ms.
  const readOnly = compiler.isReadOnly(plan) && intrinsicsIntact()
  return (task, each) => {
    const intact = textIntrinsicsIntact()
    const copied = !readOnly || !intact
    // The state and other readers of the batch hold the originals.
    const passOn = (records: readonly unknown[]) => (copied ? copiesOf(records) : records)
    const input = task.inputs[plan.input]!
    if (input.in !== 'state') throw new TypeError(`State is named by a state input, not ${input.in}.`)
    labelled(task, plan.label, () => {
      const state = versions.version(input, task)
      faultPoint('state:applied')
      if (input.snapshot) versions.write(state, input, task)
      if (input.watermarks) observe(task, input, state)
      if (!input.detached) measure(task, input, state)
      if (plan.emit === 'output-and-late') versions.writeLate(state, task)
      if (plan.emit === 'output' || plan.emit === 'output-and-late') each(passOn(state.output))
      else if (plan.emit === 'late') each(passOn(state.late))
      else if (plan.emit === 'entries') versions.each(state, (part) => each(new PairRecords(part, intact)), copied)
    })
  }
}

/** Computes the versions of a state whose partitions this thread has. */
class StateVersions {
  readonly #compiler: PlanCompiler
  readonly #groups: readonly (readonly ColumnSource[])[]
  readonly #make: MakeVersion
  /** Whether snapshots contain the times of entries. */
  readonly #timed: boolean
  readonly #counted: boolean
  readonly #plan: Plan & { op: 'state' }

  constructor(plan: Plan & { op: 'state' }, compiler: PlanCompiler) {
    const { changes, operator } = plan
    this.#plan = plan
    this.#compiler = compiler
    this.#groups = changes.map((sources) => sources.map((of) => compileColumns(of, compiler)))
    this.#make = makeOperator(operator, compiler.services)
    this.#counted = operator.kind === 'window' && operator.counted
    this.#timed = this.#counted || (operator.kind === 'map' && operator.timeout !== undefined)
  }

  /** Passes on the entries that readers see. */
  each({ entries }: StatePartition, each: (part: PairColumns) => void, copied: boolean): void {
    entries.eachColumns(each, copied, this.#counted ? (slot) => !isHidden(entries.time(slot)) : undefined)
  }

  /** Returns the partition's version of the batch. Unless this thread has it, computes it from the previous version. */
  version(input: StateInput, task: Task): StatePartition {
    const { states } = this.#compiler.services
    const state = this.#current(input, task)
    if (state.version === input.to) {
      if (input.rebuild && !input.detached) states.set(input.operator, input.partition, state)
      return state
    }
    try {
      this.#step(state, input, task)
    } catch (error) {
      // The driver sends a recipe with the next attempt.
      if (state.version === undefined && states.get(input.operator, input.partition) === state)
        states.delete(input.operator, input.partition)
      throw error
    }
    // Stored only when the version is complete: a thread that dies before has the old one, or none.
    if (!input.detached) states.set(input.operator, input.partition, state)
    return state
  }

  #step(state: StatePartition, input: StateInput, task: Task): void {
    const began = performance.now()
    const recordsIn = step(state, this.#groups, input, this.#make, task)
    const { label, emit } = this.#plan
    const recordsOut = emit === 'entries' ? state.entries.size : state.output.length
    task.meter.sample?.add({ label, recordsIn, recordsOut, ms: performance.now() - began })
  }

  /** Writes the snapshot that the driver asks for. */
  write(state: StatePartition, { operator, partition, to, snapshot }: StateInput, task: Task): void {
    const key = `${operator}/${partition}/${to}`
    const options = { key, allKeys: snapshot === 'full', timed: this.#timed }
    task.written.push(...writeSnapshot(state, this.#compiler.services, options))
  }

  /** Writes the late records of the version into a block of their own. */
  writeLate({ late }: StatePartition, task: Task): void {
    const { scratch, seal } = this.#compiler.services
    scratch.reset()
    encodeRecords(scratch, late)
    task.written.push({ as: 'late', block: seal('records', late.length, 'short') })
  }

  /** Returns the version of the batch or the previous one: as this thread has it, or rebuilt from snapshots. */
  #current({ operator, partition, from, to, last, rebuild }: StateInput, task: Task): StatePartition {
    if (rebuild) return this.#rebuilt(rebuild, from, task)
    const found = this.#compiler.services.states.get(operator, partition)
    const held = found && (last === undefined || lastSnapshot(found) === last) ? found : undefined
    if (held && (held.version === to || (from !== undefined && held.version === from))) return held
    // The first version needs no other, even if it is requested again and this thread holds a later one.
    if (from === undefined) return emptyState()
    throw new MissingStateError(operator, partition, from)
  }

  #rebuilt(rebuild: NonNullable<StateInput['rebuild']>, from: number | undefined, task: Task): StatePartition {
    const state = emptyState()
    // Only the replayed changes are new to the snapshots.
    if (rebuild.snapshots.length > 0) beginIncrement(state, readSnapshots(state, rebuild, this.#compiler.services))
    for (const past of rebuild.replay) {
      const sources = past.changes.map((group) => group.map((of) => compileColumns(of, this.#compiler)))
      step(state, sources, past, this.#make, task)
    }
    state.version = from
    faultPoint('state:rebuilt')
    return state
  }
}

/** Computes one version: applies all of its changes or, if a function throws, none. Returns their number. */
function step(
  state: StatePartition,
  groups: readonly (readonly ColumnSource[])[],
  { to: time, scan, watermarks }: Pick<StateInput, 'to' | 'scan' | 'watermarks'>,
  make: MakeVersion,
  task: Task,
): number {
  const late: unknown[] = []
  const input = { time, scan, watermarks, late, groups: groups.map((sources) => pairsOf(sources, task)) }
  // Not when the snapshot is written: the task may fail after that, and its next attempt must write the same snapshot.
  if (state.version !== undefined && state.snapshotAt === state.version) beginIncrement(state, state.chainWritten)
  tidy(state)
  const changes = new Changes(state)
  try {
    const output = make(state, changes, input)
    faultPoint('state:half-applied')
    state.output = output
    state.late = late
  } catch (error) {
    // From here on the partition has no version, until all changes are applied.
    if (!changes.takeBack()) state.version = undefined
    throw error
  }
  state.updated = changes.count
  changes.keep(state)
  state.version = time
  return input.groups.reduce((sum, { values }) => sum + values.length, 0)
}

/** Reports the late records. A second output of the batch reports the same again. */
function observe(
  task: Task,
  { operator, stream = operator, partition, to: time }: StateInput,
  state: StatePartition,
): void {
  const late = state.late.length
  task.observed.push({ stream, time, partition, records: 0, late, latest: Number.NEGATIVE_INFINITY })
}

/** Reports the size of the state. A second output of the batch reports the same again. */
function measure(
  task: Task,
  { operator, stream = operator, partition, to: version }: StateInput,
  { entries, updated }: StatePartition,
): void {
  task.states.push({ operator: stream, partition, version, keys: entries.size, updated })
}

/** Compiles the pairs of several plans, in columns. */
function pairsOf(sources: readonly ColumnSource[], task: Task): Pairs {
  const parts: PairColumns[] = []
  for (const source of sources) source(task, (part) => parts.push(part))
  return new Pairs(parts)
}
