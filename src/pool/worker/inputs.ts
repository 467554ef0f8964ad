import { closeSync, openSync, readSync } from 'node:fs'
import type { BlockHandle, BlockSlice } from '../blocks/handle.js'
import { decodeRecords } from '../blocks/records-codec.js'
import { readPart } from '../blocks/shuffle-block.js'
import { eachLines } from '../blocks/text.js'
import type { TaskInput } from '../protocol.js'
import type { SegmentTable } from './segment-table.js'
import { readSpilled } from './spilled.js'

/** Takes records piece by piece: a block, a chunk of a file. */
export type Each = (records: Iterable<unknown>) => void

/** Files are read in pieces of this size, so that a partition of any size needs little memory. */
const CHUNK = 1 << 20
/** Numbers of a range that are made at a time. */
const NUMBERS = 4096

/** Takes text as bytes, a part that begins and ends at line boundaries. It is overwritten when this returns. */
export type EachText = (text: Buffer) => void

/**
 * Hands over the records of an input slot. Shuffle inputs give the records of each map output in order. Text goes to
 * `text` where that is given.
 */
export function readInput(
  input: TaskInput,
  segments: SegmentTable,
  each: (records: readonly unknown[]) => void,
  text: EachText = (bytes) => eachLines(bytes, each),
): void {
  switch (input.in) {
    case 'blocks':
      for (const slice of input.slices) readSlice(slice, segments, each, text)
      return
    case 'spilled':
      each(decodeRecords(readSpilled(input)))
      return
    case 'shuffle':
      eachPart(input, (output, part) => {
        const records = segments.read(output, (payload) => decodeRecords(readPart(payload, part).bytes))
        if (records.length > 0) each(records)
      })
      return
    case 'file':
      readFileRange(input.path, input.start, input.end, text)
      return
    case 'files':
      for (const { path, start, end } of input.ranges) readFileRange(path, start, end, text)
      return
    case 'range':
      eachNumbers(input.from, input.to, input.step, each)
      return
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

/**
 * The lines that begin in [start, end): a line that begins before `end` is read to its end, wherever that is; one that
 * began before `start` belongs to the range before.
 */
function readFileRange(path: string, start: number, end: number, text: EachText): void {
  if (start >= end) return
  const file = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(CHUNK)
    // One byte back: if it is a newline, a line begins exactly at `start`.
    let position = Math.max(0, start - 1)
    let kept = 0
    let skipping = start > 0
    for (;;) {
      if (kept === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
      const got = readSync(file, buffer, kept, buffer.length - kept, position + kept)
      let filled = kept + got
      if (skipping) {
        const newline = buffer.subarray(0, filled).indexOf(10)
        if (newline < 0 && got > 0) {
          position += filled
          kept = 0
          continue
        }
        const skip = newline < 0 ? filled : newline + 1
        buffer.copyWithin(0, skip, filled)
        filled -= skip
        position += skip
        skipping = false
      }
      if (position >= end) return
      // How far lines may begin: past `end` only the line in progress is still ours.
      const bytes = buffer.subarray(0, filled)
      const within = Math.min(filled, end - position)
      const last = position + filled > end ? lineEndAfter(bytes, within) : bytes.lastIndexOf(10) + 1
      const complete = got === 0 && last <= 0 ? filled : last
      if (complete > 0) {
        text(bytes.subarray(0, complete))
        buffer.copyWithin(0, complete, filled)
        position += complete
        kept = filled - complete
      } else {
        kept = filled
      }
      if (position >= end) return
      if (got === 0) {
        if (kept > 0) text(buffer.subarray(0, kept))
        return
      }
    }
  } finally {
    closeSync(file)
  }
}

/** The end of the last line that begins before `within`: after the first newline at or after its last byte; 0 if none yet. */
function lineEndAfter(bytes: Buffer, within: number): number {
  const newline = bytes.indexOf(10, within - 1)
  return newline < 0 ? bytes.subarray(0, within).lastIndexOf(10) + 1 : newline + 1
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
