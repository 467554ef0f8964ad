import { BlockCorruptError } from '../../errors.js'
import { isMatch } from '../../values/data.js'
import type { ByteWriter, ViewType } from './byte-writer.js'
import { type Cursor, FORM, readHeader, readView, writeHeader } from './column-header.js'
import { readExactColumn, readPacked, writeObjects } from './packed-column.js'
import { readStrings, writeStrings } from './string-column.js'

/** Deeper pairs of pairs are packed: a structure without end must not fill the memory before it is found out. */
const MAX_DEPTH = 8

export function writeColumn(w: ByteWriter, values: readonly unknown[], depth = 0): void {
  const first = values[0]
  if (values.length === 0) writeHeader(w, FORM.i32, 0)
  else if (typeof first === 'number' && allOf(values, 'number')) writeNumbers(w, values as readonly number[])
  else if (typeof first === 'string' && allOf(values, 'string')) writeStrings(w, values as readonly string[])
  else if (depth < MAX_DEPTH && areKeyedPairs(values)) writePairRecords(w, values, depth)
  else writeObjects(w, values)
}

export function readColumn(cursor: Cursor): unknown[] {
  const { form, width, count } = readHeader(cursor)
  switch (form) {
    case FORM.i32:
      return readNumbers(cursor, Int32Array, count)
    case FORM.f64:
      return readNumbers(cursor, Float64Array, count)
    case FORM.latin1:
    case FORM.utf16:
      return readStrings(cursor, count, width, form === FORM.utf16)
    case FORM.packed:
      return readPacked(cursor, count)
    case FORM.exact:
      return readExactColumn(cursor, count)
    case FORM.pairs: {
      const keys = readColumn(cursor)
      const values = readColumn(cursor)
      const pairs = new Array<unknown>(count)
      for (let i = 0; i < count; i++) pairs[i] = [keys[i], values[i]]
      return pairs
    }
    default:
      throw new BlockCorruptError(`These bytes are not encoded records: there is no form ${form}.`, { form })
  }
}

/** The pairs column of keys that are all strings or all numbers, and any values. */
export function writePairs(w: ByteWriter, keys: readonly unknown[], values: readonly unknown[], depth = 0): void {
  writeHeader(w, FORM.pairs, keys.length)
  writeColumn(w, keys)
  writeColumn(w, values, depth + 1)
}

export function allOf(values: readonly unknown[], type: 'number' | 'string'): boolean {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== type) return false
  return true
}

function areKeyedPairs(values: readonly unknown[]): values is readonly (readonly [unknown, unknown])[] {
  const first = values[0]
  if (!Array.isArray(first)) return false
  const type = typeof first[0]
  if (type !== 'string' && type !== 'number') return false
  // Other properties than items are refused. To look for them in each pair would cost more than to encode it.
  if (Object.keys(first).length !== 2) return false
  for (let i = 0; i < values.length; i++) {
    const pair = values[i]
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== type) return false
    // A subclass of Array, or what a regular expression matched, is more than a pair.
    if (Object.getPrototypeOf(pair) !== Array.prototype || isMatch(pair)) return false
    // A hole is not undefined.
    if (pair[1] === undefined && !(1 in pair)) return false
  }
  return true
}

function writePairRecords(w: ByteWriter, pairs: readonly (readonly [unknown, unknown])[], depth: number): void {
  const keys = new Array<unknown>(pairs.length)
  const values = new Array<unknown>(pairs.length)
  for (let i = 0; i < pairs.length; i++) {
    keys[i] = pairs[i]![0]
    values[i] = pairs[i]![1]
  }
  writePairs(w, keys, values, depth)
}

function writeNumbers(w: ByteWriter, numbers: readonly number[]): void {
  const whole = numbers.every((n) => (n | 0) === n && !Object.is(n, -0))
  writeHeader(w, whole ? FORM.i32 : FORM.f64, numbers.length)
  const view: Int32Array | Float64Array = whole
    ? w.view(Int32Array, numbers.length)
    : w.view(Float64Array, numbers.length)
  for (let i = 0; i < numbers.length; i++) view[i] = numbers[i]!
}

function readNumbers(cursor: Cursor, type: ViewType<Int32Array | Float64Array>, count: number): number[] {
  const view = readView(cursor, type, count)
  const numbers = new Array<number>(count)
  for (let i = 0; i < count; i++) numbers[i] = view[i]!
  return numbers
}
