import { ArgumentError, BlockCorruptError, StateError } from '../../errors.js'
import type { ByteWriter } from './byte-writer.js'
import type { WritableColumn } from './growing-column.js'
import { encodeInts, encodePairColumns, encodeRecords } from './records-codec.js'
import { type Latin1Texts, writeLatin1 } from './string-column.js'

/**
 * The payload of a shuffle block: the records of one map task, by reduce partition.
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0           | u32 | parts |
 * | 4 + 12i     | u32 | offset of part i in the payload, a multiple of 8 |
 * | 4 + 12i + 4 | u32 | bytes of part i; 0: it has no records |
 * | 4 + 12i + 8 | u32 | records of part i |
 * | then        |     | the parts, each a `records` payload |
 */
const ENTRY_BYTES = 12

/** Writes the parts, in any order, each at most once. The payload is complete after the last part: `w.bytes()`. */
export class ShuffleBlockWriter {
  readonly #writer: ByteWriter
  readonly #written: Uint8Array
  #count = 0

  /** Resets `w`, in which the payload must begin at 0. */
  constructor(w: ByteWriter, parts: number) {
    if (!Number.isInteger(parts) || parts < 1) {
      throw new ArgumentError(`A shuffle needs a number of partitions from 1 on, not ${parts}.`, { parts })
    }
    this.#writer = w
    this.#written = new Uint8Array(parts)
    w.reset()
    w.u32(parts)
    w.view(Uint32Array, parts * 3).fill(0)
  }

  /** Records in all parts. */
  get count(): number {
    return this.#count
  }

  records(part: number, records: readonly unknown[]): void {
    const start = this.#begin(part)
    if (records.length > 0) encodeRecords(this.#writer, records)
    this.#end(part, start, records.length)
  }

  /** Like `records`, of whole numbers in an array already. */
  ints(part: number, numbers: Int32Array): void {
    const start = this.#begin(part)
    if (numbers.length > 0) encodeInts(this.#writer, numbers)
    this.#end(part, start, numbers.length)
  }

  pairs(part: number, keys: WritableColumn, values: WritableColumn): void {
    const start = this.#begin(part)
    if (keys.count > 0) encodePairColumns(this.#writer, keys, values)
    this.#end(part, start, keys.count)
  }

  /** Like `records`, of texts that are bytes already. */
  texts(part: number, texts: Latin1Texts): void {
    const start = this.#begin(part)
    if (texts.lengths.length > 0) writeLatin1(this.#writer, texts)
    this.#end(part, start, texts.lengths.length)
  }

  #begin(part: number): number {
    if (!(part in this.#written)) throw noSuchPart(part, this.#written.length)
    if (this.#written[part] === 1)
      throw new StateError(`Part ${part} of this shuffle block is already written.`, { part })
    this.#written[part] = 1
    return this.#writer.align()
  }

  #end(part: number, start: number, count: number): void {
    const entry = 4 + part * ENTRY_BYTES
    this.#writer.setU32(entry, start)
    this.#writer.setU32(entry + 4, this.#writer.length - start)
    this.#writer.setU32(entry + 8, count)
    this.#count += count
  }
}

/** Returns part `i` of a shuffle payload, without a copy: a `records` payload and the number of its records. */
export function readPart(payload: Buffer, i: number): { bytes: Buffer; count: number } {
  const parts = payload.length >= 4 ? payload.readUInt32LE(0) : 0
  if (payload.length < 4 + parts * ENTRY_BYTES || parts === 0) throw corrupt(payload)
  if (!Number.isInteger(i) || i < 0 || i >= parts) throw noSuchPart(i, parts)
  const entry = 4 + i * ENTRY_BYTES
  const start = payload.readUInt32LE(entry)
  const end = start + payload.readUInt32LE(entry + 4)
  if (end > payload.length) throw corrupt(payload)
  return { bytes: payload.subarray(start, end), count: payload.readUInt32LE(entry + 8) }
}

function noSuchPart(part: number, parts: number): ArgumentError {
  return new ArgumentError(`There is no part ${part} in a shuffle block of ${parts}; parts are numbered from 0.`, {
    part,
    parts,
  })
}

function corrupt(payload: Buffer): BlockCorruptError {
  return new BlockCorruptError(
    `These ${payload.length} bytes are not a shuffle block: its table does not match them.`,
    {
      length: payload.length,
    },
  )
}
