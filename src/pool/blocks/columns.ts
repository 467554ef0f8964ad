import { BlockCorruptError } from '../../errors.js'
import { isMatch } from '../../values/data.js'
import { buildRows, type RowColumn } from './build-rows.js'
import type { ByteWriter, ViewType } from './byte-writer.js'
import { type Cursor, FORM, readHeader, readView, writeHeader } from './column-header.js'
import { ArrayColumn, allOf, type WritableColumn } from './growing-column.js'
import { asColumns, asLists, cutLists, type Lists } from './list-column.js'
import { readExactColumn, readPacked, writeObjects } from './packed-column.js'
import { interleaved, ShapedRows } from './shaped-rows.js'
import { readStrings, writeStrings } from './string-column.js'

/**
 * Deeper pairs of pairs are packed, so that a cyclic structure does not fill the memory before the encoder detects it.
 */
const MAX_DEPTH = 8
/** Deeper objects and arrays are packed too, because they may multiply on each level. */
const MAX_PARTS_DEPTH = 4

export function writeColumn(w: ByteWriter, values: readonly unknown[], depth = 0): void {
  const first = values[0]
  if (values.length === 0) writeHeader(w, FORM.i32, 0)
  else if (typeof first === 'number' && allOf(values, 'number')) writeNumbers(w, values as readonly number[])
  else if (typeof first === 'string' && allOf(values, 'string')) writeStrings(w, values as readonly string[])
  else if (depth < MAX_DEPTH && areKeyedPairs(values)) writePairRecords(w, values, depth)
  else if (typeof first !== 'object' || first === null || !writeParts(w, values, depth)) writeObjects(w, values, depth)
}

/** Writes objects field by field, and arrays item by item. Returns false if the values do not all have one form. */
function writeParts(w: ByteWriter, values: readonly unknown[], depth: number): boolean {
  if (depth >= MAX_PARTS_DEPTH) return false
  const lists = asLists(values)
  if (lists) return writeLists(w, lists, depth)
  const rows = ShapedRows.of(values)
  if (!rows) return false
  rows.write(w, depth, writeColumn)
  return true
}

function writeLists(w: ByteWriter, lists: Lists, depth: number): boolean {
  const columns = asColumns(lists)
  const { lengths, items } = lists
  if (columns) {
    writeHeader(w, FORM.tuples, lengths.length, columns.length)
    for (const column of columns) writeColumn(w, column, depth + 1)
    return true
  }
  // Msgpack decodes arrays of mixed types faster.
  const type = typeof items[0]
  if (!items.every((item) => typeof item === type)) return false
  writeHeader(w, FORM.lists, lengths.length)
  writeColumn(w, lengths)
  writeColumn(w, items, depth + 1)
  return true
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
    case FORM.pairs:
      return buildRows(undefined, [readField(cursor), readField(cursor)], count)
    case FORM.objects: {
      const names = readColumn(cursor) as string[]
      const columns = names.map(() => readField(cursor))
      return buildRows(names, columns, count)
    }
    case FORM.shapes: {
      const shapeOf = readView(cursor, Uint8Array, count)
      const rows = interleaved(
        shapeOf,
        Array.from({ length: width }, () => readColumn(cursor)),
      )
      if (rows) return rows
      throw new BlockCorruptError('These bytes are not encoded records: the shapes of objects do not match them.')
    }
    case FORM.same:
      return new Array<unknown>(count).fill(readColumn(cursor)[0])
    case FORM.tuples: {
      const columns = Array.from({ length: width }, () => readField(cursor))
      return buildRows(undefined, columns, count)
    }
    case FORM.lists:
      return cutLists({ lengths: readColumn(cursor) as number[], items: readColumn(cursor) })
    default:
      throw new BlockCorruptError(`These bytes are not encoded records: there is no form ${form}.`, { form })
  }
}

/** Reads a column of rows: numbers in place, because each is read once. */
function readField(cursor: Cursor): RowColumn {
  const { at } = cursor
  const { form, count } = readHeader(cursor)
  if (form === FORM.i32) return readView(cursor, Int32Array, count)
  if (form === FORM.f64) return readView(cursor, Float64Array, count)
  if (form === FORM.same) return { same: readColumn(cursor)[0] }
  cursor.at = at
  return readColumn(cursor)
}

/** Writes the pairs column of keys that are plain, with any values. */
export function writePairs(w: ByteWriter, keys: WritableColumn, values: WritableColumn, depth = 0): void {
  writeHeader(w, FORM.pairs, keys.count)
  keys.write(w, 0, writeColumn)
  values.write(w, depth + 1, writeColumn)
}

/** Whether all values are pairs, no more than that, of keys of one kind: texts or numbers. */
export function areKeyedPairs(values: readonly unknown[]): values is readonly (readonly [unknown, unknown])[] {
  const first = values[0]
  if (!Array.isArray(first)) return false
  const type = typeof first[0]
  if (type !== 'string' && type !== 'number') return false
  for (let i = 0; i < values.length; i++) {
    const pair = values[i]
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== type) return false
    // An instance of a subclass of Array, or a match of a regular expression, is more than a pair.
    if (Object.getPrototypeOf(pair) !== Array.prototype || isMatch(pair)) return false
    // Looking for other properties costs more than encoding the pair, so only some pairs (first, second, third, fifth,
    // ninth and so on) are checked.
    if ((i & (i - 1)) === 0 && Object.keys(pair).length !== 2) return false
    // A hole differs from undefined.
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
  writePairs(w, new ArrayColumn(keys), new ArrayColumn(values), depth)
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
