import { readFileRanges } from '../../files/read-range.js'
import type { BlockHandle, BlockSlice } from '../blocks/handle.js'
import { decodeRecords } from '../blocks/records-codec.js'
import { readPart } from '../blocks/shuffle-block.js'
import { eachLines } from '../blocks/text.js'
import type { TaskInput } from '../protocol.js'
import type { SegmentTable } from './segment-table.js'
import { readSpilled } from './spilled.js'

/** Takes records piece by piece: a block, a chunk of a file. */
export type Each = (records: Iterable<unknown>) => void

/** Numbers of a range that are made at a time. */
const NUMBERS = 4096

/** Takes text as bytes, a part that begins and ends at line boundaries. It is overwritten when this returns. */
export type EachText = (text: Buffer) => void

/**
 * Hands over the records of an input slot. Shuffle inputs give the records of each map output in order. Text goes to
 * `text` where that is given. Returns a checksum of what was read of files.
 */
export function readInput(
  input: TaskInput,
  segments: SegmentTable,
  each: (records: readonly unknown[]) => void,
  text: EachText = (bytes) => eachLines(bytes, each),
): number | undefined {
  switch (input.in) {
    case 'blocks':
      for (const slice of input.slices) readSlice(slice, segments, each, text)
      return undefined
    case 'spilled':
      each(decodeRecords(readSpilled(input)))
      return undefined
    case 'shuffle':
      eachPart(input, (output, part) => {
        const records = segments.read(output, (payload) => decodeRecords(readPart(payload, part).bytes))
        if (records.length > 0) each(records)
      })
      return undefined
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
 * The part of each map output that belongs to a reduce partition. Every map task deals its records from part 0 on; reduce
 * partitions take turns where the outputs before have ended. So the record with number i of all map outputs is in
 * partition i modulo their number: none is empty if there are enough records, and none depends on chance.
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
): void {
  if (block.codec !== 'text') {
    each(segments.read(block, decodeRecords))
    return
  }
  const payload = segments.open(block)
  text(payload.subarray(start, end))
}

/** In arrays, which loops go through several times as fast as through a generator. */
function eachNumbers(from: number, to: number, step: number, each: (numbers: readonly number[]) => void): void {
  const count = Math.ceil((to - from) / step)
  for (let done = 0; done < count; done += NUMBERS) {
    const piece = new Array<number>(Math.min(NUMBERS, count - done))
    for (let i = 0; i < piece.length; i++) piece[i] = from + (done + i) * step
    each(piece)
  }
}
