import { createRequire } from 'node:module'
import type * as Msgpackr from 'msgpackr'
import { BlockCorruptError, DataError } from '../../errors.js'
import { FOREIGN, fitOf, PACKS } from '../../values/data.js'
import type { ByteWriter } from './byte-writer.js'
import { type Cursor, FORM, need, writeHeader } from './column-header.js'
import { readExact } from './exact-reader.js'
import { writeExact } from './exact-writer.js'

// Created on first use, because a bundle without `import.meta.url` must reach the check that explains the problem.
const load = (name: string): unknown => createRequire(import.meta.url)(name)
let made: Msgpackr.Packr | undefined

/**
 * Returns the thread's msgpackr instance. Each message contains its own record definitions: with structures shared
 * between threads, a thread would silently decode with another thread's field names. `copyBuffers`: a view of the
 * source would change when its segment is reused.
 *
 * Loaded with the first records that are neither texts nor numbers, because loading takes longer than the rest of a
 * thread's start.
 */
export function packr(): Msgpackr.Packr {
  if (!made) {
    const { Packr } = load('msgpackr') as typeof Msgpackr
    made = new Packr({ moreTypes: true, copyBuffers: true, useBigIntExtension: true })
  }
  return made
}

/** A larger message gets its own memory, so that one huge block does not stay in memory. */
const KEEP_BYTES = 4 * 1024 * 1024
let scratch = Buffer.alloc(0)

/**
 * Writes values as msgpack, or exactly if msgpack would change one. `depth`: levels above the values in their records.
 * Throws DataError for a value that is not data.
 */
export function writeObjects(w: ByteWriter, values: readonly unknown[], depth = 0): void {
  let fit = PACKS
  for (let i = 0; i < values.length; i++) {
    fit |= fitOf(values[i], depth)
    // The caller finds the path within the record.
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
  // Rejects a wrong count before allocating memory, and reads shared memory in one copy instead of byte by byte.
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

function unreadable(cause: unknown): BlockCorruptError {
  return new BlockCorruptError(
    'These bytes are not the records that were encoded. Check the block with verifyBlock and recompute it.',
    {},
    cause,
  )
}
