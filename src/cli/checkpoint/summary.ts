import type { Checkpoint } from '../../engine/checkpoint/checkpoint.js'
import { blocksOf } from '../../engine/checkpoint/format.js'
import type { BytesOf } from '../../engine/checkpoint/read-blocks.js'
import { entriesOf } from '../../engine/checkpoint/state-conversion.js'

/** An operation in a checkpoint. */
export interface OperationSummary {
  readonly uid: string
  readonly form: string
  /** Number of partitions of its state; 0 if it has no state. */
  readonly partitions: number
  readonly keys: number
  /** Bytes of its state, and of the datasets that it reads. */
  readonly bytes: number
  /** Number of past batches' datasets that it reads. */
  readonly datasets: number
  readonly position?: unknown
}

/** Returns the bytes of the blocks of a checkpoint. A block that several checkpoints share counts in each. */
export function sizeOf(checkpoint: Checkpoint): number {
  return blocksOf(checkpoint).reduce((sum, { length }) => sum + length, 0)
}

/** Describes every operation. Decodes all state, to count its keys. */
export function operationsOf(checkpoint: Checkpoint, bytesOf: BytesOf): OperationSummary[] {
  return checkpoint.operations.map(({ uid, form }) => {
    const states = checkpoint.states.filter((state) => state.uid === uid)
    const rdds = checkpoint.rdds.filter((rdd) => rdd.uid === uid)
    const position = checkpoint.positions.find((each) => each.uid === uid)
    return {
      uid,
      form,
      partitions: states.length,
      keys: states.reduce((sum, state) => sum + entriesOf(state, bytesOf).length, 0),
      bytes: sizeOf({ ...checkpoint, states, rdds }),
      datasets: rdds.length,
      ...(position && { position: position.value }),
    }
  })
}
