import type { Partitioner } from '../../ops/dataset.js'
import type { HeldBatches } from '../../ops/dstream/node.js'
import type { BlockCodec } from '../../pool/blocks/handle.js'
import type { SavedRate } from '../receivers/back-pressure.js'

/** Where the bytes of a block are: a range of a data file in the checkpoint directory. */
export interface SavedBlock {
  readonly file: string
  readonly offset: number
  readonly length: number
  /** The CRC-32 of the bytes, computed when the block was written. */
  readonly crc: number
  readonly codec: BlockCodec
  readonly count: number
}

/** An input, or an operation that keeps data, as the program had it. Everything else in a checkpoint refers to it by `uid`. */
export interface SavedOperation {
  /** See StreamIds. */
  readonly uid: string
  /** See Kept.form; of an input: its kind. */
  readonly form: string
  /** See Kept.stateVersion. */
  readonly stateVersion: number
  /** How the keys of its state are placed; null if it has no state by key. */
  readonly placed: { readonly by: Partitioner['kind']; readonly partitions: number } | null
  /** The batches that a window holds; null for other operations. */
  readonly held: HeldBatches | null
}

/** A dataset of a past batch that a window reads. */
export interface SavedRdd {
  /** That of the window. Several may share the blocks. */
  readonly uid: string
  /** The batch. */
  readonly time: number
  /** Its partitions; null if the stream had no dataset, which differs from an empty one. */
  readonly partitions: readonly SavedBlock[] | null
  /** Whether it is partitioned by the hash of keys. */
  readonly hashed: boolean
}

/** One partition of keyed state at a version: snapshots and keys. Each list starts with a full one. */
export interface SavedState {
  readonly uid: string
  readonly partition: number
  readonly version: number
  readonly snapshots: readonly {
    readonly time: number
    readonly full: boolean
    readonly name?: string
    readonly after?: string
    readonly block: SavedBlock
  }[]
  readonly keys: readonly { readonly time: number; readonly full: boolean; readonly block: SavedBlock }[]
}

/** The data from which a process resumes after the batch at `time`. The program builds the graph again. */
export interface Checkpoint {
  /** The last batch that the checkpoint contains. */
  readonly time: number
  readonly zeroTime: number
  /** Milliseconds between the batches up to `time`. */
  readonly batchInterval: number
  /** The process stopped after this batch, with all received data processed. */
  readonly ended: boolean
  readonly operations: readonly SavedOperation[]
  /** The progress of streams: see StreamNode.progress. */
  readonly progress: readonly { readonly uid: string; readonly value: unknown }[]
  /** Positions of sources after the batch: see DirectReader.position. */
  readonly positions: readonly { readonly uid: string; readonly value: unknown }[]
  /** The rates of receivers under back-pressure. */
  readonly rates: readonly ({ readonly uid: string } & SavedRate)[]
  /** Accumulators with a name: a column of records with the value, in base64. */
  readonly accumulators: readonly { readonly name: string; readonly value: string }[]
  readonly states: readonly SavedState[]
  readonly rdds: readonly SavedRdd[]
}
