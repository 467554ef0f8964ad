import { readFileRanges } from '../../../files/read-range.js'
import type { BlockHandle, BlockSlice } from '../../blocks/handle.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { decodeIfPairs, decodeRecords } from '../../blocks/records-codec.js'
import { readPart } from '../../blocks/shuffle-block.js'
import { eachLines } from '../../blocks/text.js'
import type { TaskInput } from '../../protocol.js'
import type { LocalInput } from './local-input.js'
import type { SegmentTable } from './segment-table.js'
import { readSpilled } from './spilled.js'

/** Takes records piece by piece: a block, a chunk of a file. */
export type Each = (records: Iterable<unknown>) => void

/** Numbers of a range that are generated at a time. */
const NUMBERS = 4096

/**
 * Receives text as bytes, in parts that begin and end at line boundaries, with the number of their lines if it is known. The
 * buffer is overwritten when this returns.
 */
export type EachText = (text: Buffer, lines?: number) => void

/**
 * Passes the records of an input to `each`. Shuffle inputs yield the records of each map output in order. Text goes to
 * `text` if present, and blocks that hold pairs in columns to `pairs`. Returns a checksum of the bytes read from files.
 */
export function readInput(
  input: LocalInput,
  segments: SegmentTable,
  each: (records: readonly unknown[]) => void,
  text: EachText = (bytes) => eachLines(bytes, each),
  pairs?: (part: PairColumns) => void,
): number | undefined {
  switch (input.in) {
    case 'blocks':
      for (const slice of input.slices) readSlice(slice, segments, each, text, pairs)
      return undefined
    case 'spilled':
      each(decodeRecords(readSpilled(input)))
      return undefined
    case 'shuffle':
      eachPart(input, (output, part) =>
        readRecords(output, segments, (payload) => readPart(payload, part).bytes, each, pairs),
      )
      return undefined
    case 'pieces':
      for (const piece of input.pieces) {
        if (!Buffer.isBuffer(piece)) each(piece as readonly unknown[])
        else if (piece.length > 0) text(piece)
      }
      return input.sum
    case 'files':
      return readFileRanges(input.ranges, input.sum, text)
    case 'range':
      eachNumbers(input.from, input.to, input.step, each)
      return undefined
    default:
      throw new TypeError(`A ${input.in} input has no records of its own.`)
  }
}

/**
 * Passes the part of each map output that belongs to a reduce partition. Every map task deals its records from part 0
 * on, and this rotates the parts by the record counts of earlier outputs. So record i of all map outputs is in
 * partition i modulo their number: no partition is empty if there are enough records, and none depends on chance.
 */
function eachPart(
  { outputs, partition, dealt }: TaskInput & { in: 'shuffle' },
  each: (output: BlockHandle, part: number) => void,
): void {
  let before = 0
  for (const output of outputs) {
    each(output, dealt === undefined ? partition : (((partition - before) % dealt) + dealt) % dealt)
    before += output.count
  }
}

function readSlice(
  { block, start = 0, end = block.length }: BlockSlice,
  segments: SegmentTable,
  each: (records: readonly unknown[]) => void,
  text: EachText,
  pairs: ((part: PairColumns) => void) | undefined,
): void {
  if (block.codec === 'text') {
    const counted = end - start === block.length && block.count >= 0
    text(segments.open(block).subarray(start, end), counted ? block.count : undefined)
  } else readRecords(block, segments, (payload) => payload, each, pairs)
}

/** Passes the records of a block, or the part of its payload that `part` returns. */
function readRecords(
  block: BlockHandle,
  segments: SegmentTable,
  part: (payload: Buffer) => Buffer,
  each: (records: readonly unknown[]) => void,
  pairs: ((part: PairColumns) => void) | undefined,
): void {
  const columns = pairs && segments.read(block, (payload) => decodeIfPairs(part(payload)))
  if (columns) {
    pairs(columns)
    return
  }
  const records = segments.read(block, (payload) => decodeRecords(part(payload)))
  if (records.length > 0) each(records)
}

/** Yields numbers in arrays, which loops read several times as fast as a generator. */
function eachNumbers(from: number, to: number, step: number, each: (numbers: readonly number[]) => void): void {
  const count = Math.ceil((to - from) / step)
  for (let done = 0; done < count; done += NUMBERS) {
    const piece = new Array<number>(Math.min(NUMBERS, count - done))
    for (let i = 0; i < piece.length; i++) piece[i] = from + (done + i) * step
    each(piece)
  }
}
