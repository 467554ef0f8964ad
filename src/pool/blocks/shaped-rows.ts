import { buildRows } from './build-rows.js'
import type { ByteWriter } from './byte-writer.js'
import { FORM, writeHeader } from './column-header.js'
import { GrowingColumn, type WritableColumn, type WriteValues } from './growing-column.js'

/** Below this many rows of each shape, columns take more bytes and time than msgpack. */
export const LEAST_ROWS = 8
/** Objects with more fields than this are usually dictionaries, whose names differ. */
const MOST_NAMES = 64
/** Objects of more shapes are usually dictionaries too. */
const MOST_SHAPES = 8
const FIRST_ROWS = 64
/** Memory for more rows is freed, so that one huge task does not stay in memory. */
const KEEP_ROWS = 128 * 1024

/** Adds the fields of an object. Returns false, and adds nothing, if it has other names than the columns. */
type Fill = (value: object, columns: readonly GrowingColumn[]) => boolean

/** Objects that have the same names in the same order, field by field. */
export interface Shape {
  readonly names: readonly string[]
  readonly columns: readonly GrowingColumn[]
  readonly fill: Fill
  count: number
}

/**
 * Plain objects of a few shapes, taken apart into columns one by one. So the objects need not live until all are
 * written: a young collection would copy each of them.
 */
export class ShapedRows implements WritableColumn {
  readonly isPlain = false
  #shapes: Shape[] = []
  #spare: GrowingColumn[] = []
  #shapeOf = new Uint8Array(FIRST_ROWS)
  #last = 0
  #count = 0
  #symbols = true

  get count(): number {
    return this.#count
  }

  get shapes(): readonly Shape[] {
    return this.#shapes
  }

  /** The index of the shape of each row. */
  get shapeOf(): Uint8Array {
    return this.#shapeOf.subarray(0, this.#count)
  }

  /**
   * Drops all rows and shapes: shapes are numbered in the order of their first rows. Keeps the memory of columns. `symbols`:
   * whether the next objects may have symbols as names.
   */
  clear(symbols: boolean): void {
    this.#symbols = symbols
    this.#spare = this.#shapes.flatMap(({ columns }) => columns)
    for (const column of this.#spare) column.clear(KEEP_ROWS)
    if (this.#shapeOf.length > KEEP_ROWS) this.#shapeOf = new Uint8Array(FIRST_ROWS)
    this.#shapes = []
    this.#count = 0
    this.#last = 0
  }

  /** Whether columns are worth it. */
  get arePlenty(): boolean {
    return this.#count >= LEAST_ROWS * this.#shapes.length
  }

  /** Returns the rows of these values; undefined if one does not fit, or there are too few. */
  static of(values: readonly unknown[]): ShapedRows | undefined {
    if (values.length < LEAST_ROWS) return undefined
    const rows = new ShapedRows()
    for (let i = 0; i < values.length; i++) if (!rows.add(values[i])) return undefined
    return rows.arePlenty ? rows : undefined
  }

  /**
   * Returns false, and adds nothing, for anything but a plain object without symbols of one of at most eight shapes.
   * Cost: about 200 ns, half of it to search for symbols.
   */
  add(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false
    if (Object.getPrototypeOf(value) !== Object.prototype) return false
    if (this.#symbols && Object.getOwnPropertySymbols(value).length > 0) return false
    // The next row often has the shape of the one before.
    if (!this.#fill(this.#last, value) && !this.#other(value)) return false
    if (this.#count === this.#shapeOf.length) {
      const longer = new Uint8Array(this.#count * 2)
      longer.set(this.#shapeOf)
      this.#shapeOf = longer
    }
    this.#shapeOf[this.#count++] = this.#last
    return true
  }

  /** Returns objects equal to those that were added. */
  toArray(): unknown[] {
    const parts = this.#shapes.map(({ names, columns, count }) =>
      buildRows(
        names,
        columns.map((column) => column.toArray()),
        count,
      ),
    )
    return parts.length === 1 ? parts[0]! : interleaved(this.shapeOf, parts)!
  }

  write(w: ByteWriter, depth: number, writeValues: WriteValues): void {
    if (!this.arePlenty) {
      writeValues(w, this.toArray(), depth)
      return
    }
    if (this.#shapes.length > 1) {
      writeHeader(w, FORM.shapes, this.#count, this.#shapes.length)
      w.write(this.shapeOf)
    }
    for (const { names, columns, count } of this.#shapes) {
      writeHeader(w, FORM.objects, count)
      writeValues(w, names, 0)
      for (const column of columns) column.write(w, depth + 1, writeValues)
    }
  }

  #fill(at: number, value: object): boolean {
    const shape = this.#shapes[at]
    if (!shape?.fill(value, shape.columns)) return false
    shape.count++
    return true
  }

  /** Adds a row whose shape is not that of the row before. */
  #other(value: object): boolean {
    let at = this.#shapes.findIndex((_, i) => this.#fill(i, value))
    if (at < 0) {
      if (this.#shapes.length === MOST_SHAPES) return false
      const names = Object.keys(value)
      if (names.length > MOST_NAMES || names.includes('__proto__')) return false
      const columns = names.map(() => this.#spare.pop() ?? new GrowingColumn())
      at = this.#shapes.push({ names, columns, fill: fillOf(names), count: 0 }) - 1
      if (!this.#fill(at, value)) return false
    }
    this.#last = at
    return true
  }
}

/** Functions by the names of fields. Some are compiled: the loop over names takes twice as long. */
const fills = new Map<string, { uses: number; fill: Fill }>()
const MOST_FILLS = 512
/** Compiling a function costs as much as some thousand rows. */
const COMPILED_AFTER = 4

function fillOf(names: readonly string[]): Fill {
  const key = JSON.stringify(names)
  let known = fills.get(key)
  if (!known) {
    if (fills.size >= MOST_FILLS) fills.clear()
    known = { uses: 0, fill: looping(names) }
    fills.set(key, known)
  }
  if (++known.uses === COMPILED_AFTER) known.fill = compiled(names) ?? known.fill
  return known.fill
}

function looping(names: readonly string[]): Fill {
  return (value, columns) => {
    let at = 0
    for (const name in value) if (name !== names[at++]) return false
    if (at !== names.length) return false
    for (let i = 0; i < at; i++) columns[i]!.add((value as Readonly<Record<string, unknown>>)[names[i]!])
    return true
  }
}

function compiled(names: readonly string[]): Fill | undefined {
  const add = names.map((name, i) => `columns[${i}].add(value[${JSON.stringify(name)}])`)
  const text = `
    'use strict'
    return (value, columns) => {
      let at = 0
      for (const name in value) if (name !== names[at++]) return false
      if (at !== ${names.length}) return false
      ${add.join('\n')}
      return true
    }`
  try {
    return new Function('names', text)(names) as Fill
  } catch {
    // The process forbids code generation.
    return undefined
  }
}

/** Puts rows of several shapes, each in its order, into their common order. Returns undefined if the numbers disagree. */
export function interleaved(shapeOf: Uint8Array, parts: readonly (readonly unknown[])[]): unknown[] | undefined {
  const next = new Uint32Array(parts.length)
  const rows = new Array<unknown>(shapeOf.length)
  for (let i = 0; i < shapeOf.length; i++) {
    const shape = shapeOf[i]!
    if (shape >= parts.length || next[shape]! >= parts[shape]!.length) return undefined
    rows[i] = parts[shape]![next[shape]!++]
  }
  return rows
}
