import type { BlockCodec } from '../../pool/blocks/handle.js'
import { integer, list, object, satisfying, text, time, tuple } from '../../values/schema.js'

/** Blocks of one input, by their numbers: those that the owner of a term has received from `first` to `last`. */
export type BlockRange = readonly [uid: string, term: number, first: number, last: number]

/** The name of a block: its input, the term of the owner that received it, and its number among those. */
export interface BlockName {
  readonly uid: string
  readonly term: number
  readonly number: number
}

export function blockKey({ uid, term, number }: BlockName): string {
  return `${term}/${number}/${uid}`
}

/** Returns the keys of the blocks of a range. */
export function keysOf([uid, term, first, last]: BlockRange): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => blockKey({ uid, term, number: first + i }))
}

/** Orders blocks of one input as they were received. */
export function inOrder(a: Omit<BlockName, 'uid'>, b: Omit<BlockName, 'uid'>): number {
  return a.term - b.term || a.number - b.number
}

/** A block that was received. The term of its file is that of its owner. */
export interface BlockHead {
  readonly kind: 'block'
  /** The input: see StreamInput.uid. */
  readonly uid: string
  /** Counts the blocks of the input that this owner has received. */
  readonly number: number
  readonly codec: BlockCodec
  readonly count: number
}

/** The part of the record of a batch that the log reads: its blocks. The rest belongs to BatchLog. */
export interface LoggedEntry {
  readonly blocks: readonly BlockRange[]
  readonly received: readonly (readonly [uid: string, records: number])[]
}

/** The input of a batch, and its outputs that completed. A later record of the same batch replaces an earlier one. */
export interface BatchHead {
  readonly kind: 'batch'
  readonly time: number
  readonly entry: LoggedEntry
}

export type NeededBlock = readonly [uid: string, term: number, number: number]

/**
 * The first blocks that restarts may need: one of each input and term. No restart needs other blocks before this record, with lower
 * numbers or of another input and term.
 */
export interface NeededHead {
  readonly kind: 'needed'
  readonly blocks: readonly NeededBlock[]
}

export type LogHead = BlockHead | BatchHead | NeededHead

/** Blocks of a range. A crafted one must not fill the memory. */
const MOST_BLOCKS = 1_000_000

const number = integer(0, Number.MAX_SAFE_INTEGER, 'a whole number')
const CHECKS = {
  block: object({
    uid: text,
    number,
    codec: satisfying("'text' or 'records'", (value) => value === 'text' || value === 'records'),
    count: integer(-1, Number.MAX_SAFE_INTEGER, 'a number of records'),
  }),
  batch: object({
    time,
    entry: object({ blocks: list(tuple(text, number, number, number)), received: list(tuple(text, number)) }),
  }),
  needed: object({ blocks: list(tuple(text, number, number)) }),
}

/** Returns the value as the head of a record. @throws Error that names a field that no head can have. */
export function checkHead(value: object): LogHead {
  const { kind } = value as { readonly kind?: unknown }
  if (kind !== 'block' && kind !== 'batch' && kind !== 'needed') throw new Error('it is no record of received data')
  CHECKS[kind](value, '')
  if (kind === 'batch' && (value as BatchHead).entry.blocks.some(([, , first, last]) => !(last - first < MOST_BLOCKS)))
    throw new Error('it has a range of too many blocks')
  return value as LogHead
}
