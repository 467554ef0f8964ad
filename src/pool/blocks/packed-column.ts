import { createRequire } from 'node:module'
import type * as Msgpackr from 'msgpackr'
import { DataError, MillraceError } from '../../errors.js'
import { FOREIGN, fitOf, PACKS } from '../../values/data.js'
import type { ByteWriter } from './byte-writer.js'
import { type Cursor, FORM, need, writeHeader } from './column-header.js'
import { readExact } from './exact-reader.js'
import { writeExact } from './exact-writer.js'

const require = createRequire(import.meta.url)
let made: Msgpackr.Packr | undefined

/**
 * One a thread. Record definitions travel inside each message: structures shared between threads would silently decode
 * with another thread's field names. `copyBuffers`, because a view of the source would change when its segment is reused.
 *
 * Loaded with the first records that are neither texts nor numbers: it takes a thread longer than all of the rest.
 */
export function packr(): Msgpackr.Packr {
  if (!made) {
    const { Packr } = require('msgpackr') as typeof Msgpackr
    made = new Packr({ moreTypes: true, copyBuffers: true, useBigIntExtension: true })
  }
  return made
}

/** A bigger message gets memory of its own, so that one huge block does not stay in memory for ever. */
const KEEP_BYTES = 4 * 1024 * 1024
let scratch = Buffer.alloc(0)

/**
 * Writes values as msgpack, or exactly where msgpack would change one. `depth`: levels above the values in their records.
 * Throws a DataError for a value that is not data.
 */
export function writeObjects(w: ByteWriter, values: readonly unknown[], depth = 0): void {
  let fit = PACKS
  for (let i = 0; i < values.length; i++) {
    fit |= fitOf(values[i], depth)
    // The caller looks for the path in the record.
    if (fit >= FOREIGN) throw new DataError('A record cannot be encoded: it is nested too deeply.')
  }
  if (fit === PACKS) writePacked(w, values)
  else {
    writeHeader(w, FORM.exact, values.length)
    for (let i = 0; i < values.length; i++) writeExact(w, values[i])
  }
}

function writePacked(w: ByteWriter, values: readonly unknown[]): void {
  const packed = packr().pack(values)
  writeHeader(w, FORM.packed, values.length)
  w.u32(packed.length)
  w.write(packed)
}

export function readExactColumn(cursor: Cursor, count: number): unknown[] {
  // Neither memory for a wrong count, nor a reader that goes byte by byte over shared memory.
  const { bytes, at } = cursor
  const own = { bytes: toPrivate(bytes.subarray(at)), at: 0 }
  const values: unknown[] = []
  for (let i = 0; i < count; i++) values.push(readExact(own))
  cursor.at = at + own.at
  return values
}

export function readPacked(cursor: Cursor, count: number): unknown[] {
  need(cursor, 4)
  const length = cursor.bytes.readUInt32LE(cursor.at)
  cursor.at += 4
  need(cursor, length)
  const packed = cursor.bytes.subarray(cursor.at, cursor.at + length)
  cursor.at += length
  const values = unpack(packed)
  if (!Array.isArray(values) || values.length !== count) throw unreadable(undefined)
  return values
}

function unpack(packed: Buffer): unknown {
  try {
    return packr().unpack(toPrivate(packed))
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** msgpack's strings decode two to three times as fast from private memory on Node 20, and a copy costs little. */
function toPrivate(packed: Buffer): Buffer {
  if (!(packed.buffer instanceof SharedArrayBuffer)) return packed
  if (packed.length > KEEP_BYTES) return Buffer.from(packed)
  if (scratch.length < packed.length) scratch = Buffer.allocUnsafeSlow(Math.min(KEEP_BYTES, packed.length * 2))
  scratch.set(packed)
  return scratch.subarray(0, packed.length)
}

function unreadable(cause: unknown): MillraceError {
  return new MillraceError(
    'ERR_MILLRACE_BLOCK_CORRUPT',
    'These bytes are not the records that were encoded. Check the block with verifyBlock and compute it again.',
    { cause },
  )
}
