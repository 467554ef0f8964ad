import type { Observation } from '../ops/plan.js'
import type { Answer } from '../pool/answer-wire.js'
import type { BlockCodec } from '../pool/blocks/handle.js'
import type { WireError } from '../pool/error-wire.js'
import type { FailedRecord, StateInput, StateSize, TaskInput, TaskRejects } from '../pool/protocol.js'
import type { PulledBytes } from './pull-wire.js'

/**
 * An input of a task as the driver sends it. `read`: blocks of another RDD, which the executor brings. `values`: records of the driver,
 * encoded. `pull`: received data, which the worker asks of the driver.
 */
export type StageInput =
  | Exclude<TaskInput, { readonly in: 'blocks' | 'spilled' | 'shuffle' | 'exchange' | 'keep' | 'state' }>
  | { readonly in: 'read' }
  | { readonly in: 'values'; readonly count: number; readonly payload: Uint8Array }
  | { readonly in: 'pull'; readonly slices: readonly PulledSlice[] }
  | StateStageInput

/**
 * A version of keyed state, which the task computes from the one before; with `from` equal to `to`, it only reads it. The chain of snapshots
 * of version `from` comes as a read of its RDD. `name`: that of the operator's state, unique among applications.
 */
export interface StateStageInput extends Omit<StateInput, 'last' | 'detached' | 'rebuild' | 'snapshot'> {
  readonly name: string
  /** Blocks of the driver with version `from`, which an earlier process has computed. */
  readonly restored?: { readonly keys: readonly PulledSlice[]; readonly snapshots: readonly PulledSlice[] }
}

/** A received block, or a part of one whose `codec` is 'text'. */
export interface PulledSlice extends PulledBytes {
  readonly codec: BlockCodec
  readonly count: number
}

/** The inputs of a task, as its partition has them. */
export interface TaskInputs {
  readonly inputs: readonly StageInput[]
  readonly batchTime: number | undefined
}

/** The report of a task, beside its result. */
export interface TaskReport {
  readonly added: Answer | undefined
  readonly rejects: readonly TaskRejects[] | undefined
  /** Checksums of the bytes read from files, by input. */
  readonly sums: readonly (number | undefined)[]
  /** Records read, by input; empty if the task reads no files. */
  readonly read: readonly number[]
  /** The sizes of the state that the task has computed or read. */
  readonly states: readonly StateSize[]
  /** The event times that it has seen. */
  readonly observed: readonly Observation[]
}

/** The failure of a task in its process. */
export interface TaskFailure {
  readonly error: WireError
  readonly label: string | undefined
  readonly failedOn: FailedRecord | undefined
}
