import { StateError } from '../../../errors.js'
import type { SpilledState, StateFault } from '../../protocol.js'
import { Bits } from './bits.js'
import type { StateSpill } from './state-spill.js'
import { StateTable } from './table.js'

/** The chain that the next snapshot may continue. */
export interface Chain {
  /** Increments since the last snapshot of all values. */
  readonly increments: number
  readonly entries: number
  /** Blocks of keys since the last snapshot of all keys. */
  readonly keyBlocks: number
  /** The last snapshot, by its name. */
  readonly last: string | undefined
}

/** One partition of an operator's state, at the version of a batch time. */
export interface StatePartition {
  version: number | undefined
  readonly entries: StateTable
  /** The output of the version, if the operator has one besides its entries. */
  output: readonly unknown[]
  /** Records that came too late for the version, as `[time, record]`. */
  late: readonly unknown[]
  /** The number of changes that led to the version. */
  updated: number
  /** Slots of keys changed or deleted since the last snapshot; undefined if the next snapshot must be full. */
  changed: Bits | undefined
  /** The number of slots whose keys are in snapshots. */
  keysWritten: number
  /** The version of the last snapshot written. The next task shows whether it reached the driver. */
  snapshotAt: number | undefined
  /** The last snapshot written holds all keys, in new slots. */
  renumbered: boolean
  /** Distinguishes this copy of the partition from those of other threads: a part of its snapshots' names. */
  copy: number | undefined
  /** The chain up to the last snapshot that reached the driver, and with the last one written. */
  chain: Chain
  chainWritten: Chain
}

const NO_CHAIN: Chain = { increments: 0, entries: 0, keyBlocks: 0, last: undefined }

export function emptyState(): StatePartition {
  return {
    version: undefined,
    entries: new StateTable(),
    output: [],
    late: [],
    updated: 0,
    changed: undefined,
    keysWritten: 0,
    snapshotAt: undefined,
    renumbered: false,
    copy: undefined,
    chain: NO_CHAIN,
    chainWritten: NO_CHAIN,
  }
}

/** Records that the chain is written: changes from now on belong to the next increment. */
export function beginIncrement(state: StatePartition, chain: Chain): void {
  state.changed = new Bits()
  state.keysWritten = state.entries.slots
  state.renumbered = false
  state.chain = chain
}

/** The name of the last snapshot of the version that the thread holds; undefined if the version has none. */
export function lastSnapshot({ version, snapshotAt, chain, chainWritten }: StatePartition): string | undefined {
  return snapshotAt === version ? chainWritten.last : chain.last
}

/** Below this many free slots, compaction is not worthwhile. */
const FEW_SLOTS = 1000

/** Compacts the slots if most belong to deleted keys. The next snapshot must be full then. */
export function tidy(state: StatePartition): void {
  const { entries } = state
  if (entries.slots <= 4 * entries.size + FEW_SLOTS) return
  entries.renumber()
  state.changed = undefined
}

/** Thrown if the thread lacks the version that a task starts from. The driver then sends a recipe to rebuild it. */
export class MissingStateError extends StateError {
  constructor(operator: number, partition: number, version: number | undefined) {
    super(`This thread does not hold partition ${partition} of the state of stream ${operator} at ${version} ms.`, {
      operator,
      partition,
      version,
    })
  }
}

/** The state in this thread, by operator and partition. It is lost with the thread, and rebuilt elsewhere. */
export class StateStore {
  readonly #partitions = new Map<string, StatePartition>()
  readonly #spill: StateSpill | undefined

  constructor(spill?: StateSpill) {
    this.#spill = spill
  }

  /** Returns a partition, in memory until the task has ended. Undefined if this thread does not hold it. */
  get(operator: number, partition: number): StatePartition | undefined {
    const state = this.#partitions.get(`${operator}/${partition}`)
    if (!state || !this.#spill || this.#spill.use(state)) return state
    this.#partitions.delete(`${operator}/${partition}`)
    return undefined
  }

  set(operator: number, partition: number, state: StatePartition): void {
    const before = this.#partitions.get(`${operator}/${partition}`)
    if (before === state) return
    if (before) this.#spill?.forget(before)
    this.#partitions.set(`${operator}/${partition}`, state)
    this.#spill?.use(state)
  }

  delete(operator: number, partition: number): void {
    const before = this.#partitions.get(`${operator}/${partition}`)
    if (before) this.#spill?.forget(before)
    this.#partitions.delete(`${operator}/${partition}`)
  }

  /** Ends a task. Returns the faults of files. */
  settle(): readonly StateFault[] | undefined {
    this.#spill?.settle()
    return this.#spill?.takeFaults()
  }

  /** With `stateMemory`: returns what this thread holds, if that has changed since the last call. */
  takeSizes(): SpilledState | undefined {
    return this.#spill?.takeSizes()
  }
}
