/** One part of a source, such as a partition of a topic, in a batch. */
export interface PartLag {
  readonly name: string
  /** The amount that the batch takes of it. */
  readonly taken: number
  /** The amount beyond the batch that the source has when the batch is planned. */
  readonly left: number
  /** Where the next batch begins: an offset, a sequence number, a position in a log. */
  readonly next?: number | string
  /** Where the source ends, when the batch is planned. */
  readonly end?: number | string
}

/** How much of its source a batch takes, and how much it leaves for later batches. Listeners see it as the lag of the input. */
export interface SourceLag {
  /** `keys`: distance of integer keys, at least the number of rows. */
  readonly unit: 'records' | 'files' | 'bytes' | 'keys'
  readonly parts: readonly PartLag[]
}
