declare const kind: unique symbol

/** A number with the kind of its object in its type. Kinds do not mix, although at run time all are numbers. */
type Id<Kind extends string> = number & { readonly [kind]: Kind }

/** Names a writer of blocks: the driver, a thread or a receiver. See pool/blocks/writers.ts. */
export type WriterId = ThreadId | Id<'writer'>

/** Names a thread. Never used twice in a process, so it is also the thread's epoch. */
export type ThreadId = number & { readonly [kind]: 'thread' }

/** Names a sealed block in shared memory. Unique in the process. */
export type BlockId = Id<'block'>

/** Names a segment of shared memory. Unique in the process. */
export type SegmentId = Id<'segment'>

/** Identifies the file of a spilled partition. Unique in its disk store; a block may have the same number. */
export type FileId = Id<'file'>

/**
 * A number that accepts plain numbers, as loops and arithmetic produce them, but no id and no number of another kind.
 */
type Plain<Kind extends string> = number & { readonly [kind]?: Kind }

/** The number of a partition of a dataset, from 0. */
export type PartitionIndex = Plain<'partition'>

/** The time of a batch, in ms of the clock. */
export type BatchTime = Plain<'time'>
