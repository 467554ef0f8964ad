import { BlockCorruptError } from '../../errors.js'
import type { ByteWriter, ViewType } from './byte-writer.js'

/**
 * A column: values of one kind, one after the other. The column and each part of it begin at multiples of 8, so that
 * typed arrays can read them in place.
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0 | u8  | form, below |
 * | 1 | u8  | strings: bytes of a length (1, 2 or 4); tuples: items of each; shapes: their number |
 * | 2 | u16 | zero |
 * | 4 | u32 | count |
 * | 8 |     | the values |
 *
 * | form | values |
 * | --- | --- |
 * | i32    | count × i32 |
 * | f64    | count × f64 |
 * | latin1 | count × length of a text in units, then all texts one after the other, one byte a unit |
 * | utf16  | as latin1, two bytes a unit; never UTF-8, so lone surrogates stay |
 * | pairs  | the column of keys, then the column of values |
 * | packed | u32 bytes, then one msgpack array |
 * | objects | the column of names, then a column for each name |
 * | tuples | arrays of one length: a column for each index |
 * | lists  | the column of lengths, then the column of all items |
 * | shapes | objects with different fields: count × u8 shape of each, then an `objects` column for each shape |
 * | same   | one text, boolean, null or other primitive that all values are: a column of it alone |
 * | exact  | values one after the other (exact-writer.ts), where msgpack would change one of them |
 */
export const FORM = {
  i32: 1,
  f64: 2,
  latin1: 3,
  utf16: 4,
  pairs: 5,
  packed: 6,
  exact: 7,
  objects: 8,
  tuples: 9,
  lists: 10,
  shapes: 11,
  same: 12,
} as const

/** The position of a reader. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
}

export function writeHeader(w: ByteWriter, form: number, count: number, width = 0): void {
  w.align()
  w.u32(form | (width << 8))
  w.u32(count)
}

export function readHeader(cursor: Cursor): { form: number; width: number; count: number } {
  const at = alignCursor(cursor, 8)
  need(cursor, 8)
  cursor.at = at + 8
  const { bytes } = cursor
  return { form: bytes[at]!, width: bytes[at + 1]!, count: bytes.readUInt32LE(at + 4) }
}

/** Returns a typed array over the next `count` numbers, without a copy. */
export function readView<T>(cursor: Cursor, type: ViewType<T>, count: number): T {
  const { bytes } = cursor
  const at = alignCursor(cursor, type.BYTES_PER_ELEMENT)
  need(cursor, count * type.BYTES_PER_ELEMENT)
  cursor.at = at + count * type.BYTES_PER_ELEMENT
  return new type(bytes.buffer, bytes.byteOffset + at, count)
}

export function alignCursor(cursor: Cursor, to: number): number {
  cursor.at = Math.ceil(cursor.at / to) * to
  return cursor.at
}

/** Checks that `length` bytes remain. A wrong count would otherwise read the blocks behind this one. */
export function need({ bytes, at }: Cursor, length: number): void {
  if (at + length > bytes.length) {
    throw new BlockCorruptError(
      `Encoded records end too early: ${at + length} bytes are needed, but there are ${bytes.length}.`,
      {
        needed: at + length,
        length: bytes.length,
      },
    )
  }
}
