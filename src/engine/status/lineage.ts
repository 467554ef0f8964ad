/** A block of one partition, and the threads that own its bytes. */
export interface LineageBlock {
  /** `state`: the version in the heap of a thread. */
  readonly kind: 'persisted' | 'map output' | 'input' | 'state'
  readonly partition: number
  /** Undefined for state. */
  readonly bytes?: number
  /** Slots of the threads, -1 for the spare. Empty if only the driver or a file has the bytes. */
  readonly slots: readonly number[]
}

/** One dataset of a lineage, with the partitions that the chosen one is computed from. */
export interface LineageStep {
  readonly rdd: number
  /** The operation, with the number of its stream. */
  readonly label: string
  readonly partitions: readonly number[]
  /** The number of partitions of the dataset. */
  readonly of: number
  readonly parents: readonly { readonly rdd: number; readonly kind: 'narrow' | 'shuffle' }[]
  /** Input from outside: offsets, byte ranges of files, values of the driver. */
  readonly sources: readonly string[]
  readonly blocks: readonly LineageBlock[]
  /** Sources and blocks that are not listed. */
  readonly omitted: number
}

/** The datasets from which one partition of a stream's newest dataset is computed, the dataset itself first. */
export interface Lineage {
  readonly stream: number
  readonly label: string
  /** The batch, in ms. */
  readonly time: number
  readonly partition: number
  readonly steps: readonly LineageStep[]
  /** Whether the lineage is longer than listed. */
  readonly truncated: boolean
}
