import { StateError } from '../../../errors.js'
import { Bits } from './bits.js'
import { StateTable } from './table.js'

/** What the next snapshot may continue. */
export interface Chain {
  /** Increments since the last snapshot of all values. */
  readonly increments: number
  readonly entries: number
  /** Blocks of keys since the last snapshot of all keys. */
  readonly keyBlocks: number
  /** The last snapshot, by its name. */
  readonly last: string | undefined
}

/** One partition of an operator's kept state, at the version of a batch time. */
export interface StatePartition {
  version: number | undefined
  readonly entries: StateTable
  /** Records that making the version gave, where the operator has an output besides its entries. */
  output: readonly unknown[]
  /** Records that came too late for the version, as `[time, record]`. */
  late: readonly unknown[]
  /** Slots of keys changed or deleted since the last snapshot; undefined where everything must be written. */
  changed: Bits | undefined
  /** Slots whose keys are in snapshots: the first so many. */
  keysWritten: number
  /** The version of the last snapshot written. Whether it reached the driver shows only when the next version is asked for. */
  snapshotAt: number | undefined
  /** The last snapshot written holds all keys, in new slots. */
  renumbered: boolean
  /** Tells this copy of the partition from others that threads have made of the same: part of its snapshots' names. */
  copy: number | undefined
  /** Up to the last snapshot that reached the driver, and with the last one written. */
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
    changed: undefined,
    keysWritten: 0,
    snapshotAt: undefined,
    renumbered: false,
    copy: undefined,
    chain: NO_CHAIN,
    chainWritten: NO_CHAIN,
  }
}

/** What the chain holds is written: the changes from now on belong to the next increment. */
export function beginIncrement(state: StatePartition, chain: Chain): void {
  state.changed = new Bits()
  state.keysWritten = state.entries.slots
  state.renumbered = false
  state.chain = chain
}

/** So many slots of deleted keys are nothing to worry about. */
const FEW_SLOTS = 1000

/** Gives the slots of deleted keys back where they are most of all. No snapshot can be continued from there. */
export function tidy(state: StatePartition): void {
  const { entries } = state
  if (entries.slots <= 4 * entries.size + FEW_SLOTS) return
  entries.renumber()
  state.changed = undefined
}

/** The thread does not have the version that a task is to start from: the driver sends a recipe to rebuild it. */
export class MissingStateError extends StateError {
  constructor(operator: number, partition: number, version: number | undefined) {
    super(`This thread does not hold partition ${partition} of the state of stream ${operator} at ${version} ms.`, {
      operator,
      partition,
      version,
    })
  }
}

/** Kept state of this thread, by operator and partition. Gone with the thread: the driver can have it rebuilt. */
export class StateStore {
  readonly #partitions = new Map<string, StatePartition>()

  get(operator: number, partition: number): StatePartition | undefined {
    return this.#partitions.get(`${operator}/${partition}`)
  }

  set(operator: number, partition: number, state: StatePartition): void {
    this.#partitions.set(`${operator}/${partition}`, state)
  }

  delete(operator: number, partition: number): void {
    this.#partitions.delete(`${operator}/${partition}`)
  }
}
