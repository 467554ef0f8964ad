import { SourceError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'
import type { RejectRecord } from '../faults.js'
import type { FileSlice, Reading } from '../format.js'
import { CHUNK } from '../read-lines.js'
import { readHeader, type SequenceHeader, SYNC_ESCAPE, SYNC_LENGTH } from './header.js'
import type { SequenceOptions } from './options.js'
import { Malformed, Truncated, WritableCursor } from './writables.js'

/**
 * Reads the sections of a range. A section begins at a sync marker; the first one begins after the header. A range
 * contains the sections that begin in it, up to their ends.
 */
export function* readSequence(slice: FileSlice, options: object, reject: RejectRecord): Reading {
  const { size, start, end } = slice
  if (start >= end) return
  const header = yield* headerOf(slice)
  const first = start <= 0 ? header.length : yield* findSync(slice, header.mark, Math.max(start, header.length + 1))
  if (first === undefined) return
  const { longs } = options as Required<SequenceOptions>
  const records = new SectionReader(slice, header, longs, reject)
  let bytes: Buffer = Buffer.alloc(0)
  let position = first
  // The first section belongs to the first range, even if the range ends before it.
  records.begin(start <= 0 ? Math.max(end, header.length + 1) : end)
  while (!records.done) {
    const next = position + bytes.length
    if (next < size) {
      const more: Buffer = yield { at: next, length: Math.min(Math.max(CHUNK, bytes.length), size - next) }
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
    }
    const isEnd = position + bytes.length >= size
    const used = records.read(bytes, position, isEnd)
    if (records.found.length > 0) yield { records: records.found }
    position += used
    bytes = bytes.subarray(used)
    if (isEnd && (used === 0 || bytes.length === 0)) return
  }
}

function* headerOf({ path, size }: FileSlice): Generator<{ at: number; length: number }, SequenceHeader, Buffer> {
  for (let length = Math.min(size, 4096); ; length = Math.min(size, length * 4)) {
    const header = readHeader(size === 0 ? Buffer.alloc(0) : yield { at: 0, length }, path)
    if (header) return header
    if (length === size)
      throw new SourceError(`The file ${path} ends inside of its header: it is truncated.`, { details: { path } })
  }
}

/** Finds the first marker at or after `from`. */
function* findSync(
  { size }: FileSlice,
  mark: Buffer,
  from: number,
): Generator<{ at: number; length: number }, number | undefined, Buffer> {
  for (let at = from; at + mark.length <= size; at += CHUNK) {
    const bytes: Buffer = yield { at, length: Math.min(CHUNK + mark.length - 1, size - at) }
    const found = bytes.indexOf(mark)
    if (found >= 0) return at + found
  }
  return undefined
}

/** Reads records until a section begins at or after the end of the range. */
class SectionReader {
  readonly #path: string
  readonly #size: number
  readonly #header: SequenceHeader
  readonly #longs: 'number' | 'bigint'
  readonly #reject: RejectRecord
  #end = 0
  found: unknown[] = []
  done = false
  /** Whether, after damage, records continue only at the next marker. */
  #isLost = false

  constructor({ path, size }: FileSlice, header: SequenceHeader, longs: 'number' | 'bigint', reject: RejectRecord) {
    this.#path = path
    this.#size = size
    this.#header = header
    this.#longs = longs
    this.#reject = reject
  }

  begin(end: number): void {
    this.#end = end
  }

  /** Reads complete records from the bytes. Returns the number of bytes used. */
  read(bytes: Buffer, position: number, isEnd: boolean): number {
    this.found = []
    const { mark } = this.#header
    const cursor = new WritableCursor(bytes)
    let used = 0
    if (this.#isLost) {
      const next = bytes.indexOf(mark)
      if (next < 0) return isEnd ? bytes.length : Math.max(0, bytes.length - mark.length + 1)
      used = cursor.at = next
      this.#isLost = false
    }
    try {
      while (cursor.left > 0 && this.#readOne(cursor, position)) used = cursor.at
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      if (error instanceof Truncated && !isEnd) return used
      // Only the next marker shows where records continue.
      this.#isLost = true
      this.#bad(position + used, error instanceof Truncated ? 'is cut off' : 'is damaged', error)
      return used + 1
    }
    return used
  }

  /** Reads a marker or a record. Returns false at the end of the range. */
  #readOne(cursor: WritableCursor, position: number): boolean {
    const offset = position + cursor.at
    const { mark, compression, decompress } = this.#header
    const length = cursor.int()
    if (length === SYNC_ESCAPE) {
      if (!cursor.raw(SYNC_LENGTH).equals(mark.subarray(4))) throw new Malformed('no sync marker where one must be')
      this.done = offset >= this.#end
      if (this.done) return false
      if (compression === 'block') this.#readBlock(cursor, offset)
      return true
    }
    if (compression === 'block') throw new Malformed('no sync marker where one must be')
    const keyLength = cursor.int()
    if (keyLength < 0 || keyLength > length || offset + 8 + length > this.#size)
      throw new Malformed(`a key of ${keyLength} bytes in a record of ${length}, with ${this.#size - offset} left`)
    const key = cursor.raw(keyLength)
    const value = cursor.raw(length - keyLength)
    this.#add(offset, key, () => (compression === 'record' ? decompress(value) : value))
    return true
  }

  /** Reads a block: the lengths of keys, the keys, the lengths of values, the values; each part is compressed. */
  #readBlock(cursor: WritableCursor, offset: number): void {
    const count = cursor.vint()
    const parts = [0, 1, 2, 3].map(() => cursor.raw(cursor.vint()))
    let keyLengths: WritableCursor, keys: WritableCursor, valueLengths: WritableCursor, values: WritableCursor
    try {
      const opened = parts.map((part) => new WritableCursor(this.#header.decompress(part)))
      ;[keyLengths, keys, valueLengths, values] = opened as [
        WritableCursor,
        WritableCursor,
        WritableCursor,
        WritableCursor,
      ]
    } catch (cause) {
      this.#bad(offset, `is a block of ${count} records that cannot be decompressed`, cause)
      return
    }
    for (let i = 0; i < count; i++) {
      try {
        const key = keys.raw(keyLengths.vint())
        const value = values.raw(valueLengths.vint())
        this.#add(offset, key, () => value)
      } catch (cause) {
        if (!(cause instanceof Malformed)) throw cause
        this.#bad(offset, `is a block of ${count} records that ends after ${i}`, cause)
        return
      }
    }
  }

  #add(offset: number, keyBytes: Buffer, valueBytes: () => Buffer): void {
    const { key, value } = this.#header
    try {
      this.found.push([
        key.read(new WritableCursor(keyBytes), this.#longs),
        value.read(new WritableCursor(valueBytes()), this.#longs),
      ])
    } catch (cause) {
      this.#bad(offset, 'is damaged', cause)
    }
  }

  #bad(offset: number, why: string, cause: unknown): void {
    this.#reject({ path: this.#path, offset, why: `${why} (${messageOf(cause)})`, cause })
  }
}
