import type { ByteWriter } from './byte-writer.js'
import { FORM, writeHeader } from './column-header.js'
import { writeStrings } from './string-column.js'

const FIRST_ROWS = 64
const NO_INTS = new Int32Array(0)
/** Below this many, the text itself costs as much as saying that all are the same. */
const LEAST_SAME = 8

/** Writes values of any kind as a column. */
export type WriteValues = (w: ByteWriter, values: readonly unknown[], depth: number) => void

/**
 * The values of one field, added row by row. Whole numbers go into a typed array, and one text that all rows share is
 * kept once: neither takes memory that a collection would visit.
 */
export class FieldColumn {
  /** Kept between tasks, because new memory costs page faults and collections. */
  #memory = NO_INTS
  #ints: Int32Array | undefined
  #same: string | undefined
  #values: unknown[] | undefined

  /** Starts again without values. Frees memory of more than `most` numbers. */
  clear(most: number): void {
    if (this.#memory.length > most) this.#memory = NO_INTS
    this.#ints = undefined
    this.#same = undefined
    this.#values = undefined
  }

  add(value: unknown, row: number): void {
    if (this.#ints !== undefined) {
      if (isInt(value)) {
        if (row === this.#ints.length) this.#grow()
        this.#ints[row] = value
        return
      }
    } else if (this.#same !== undefined) {
      if (value === this.#same) return
    } else if (this.#values === undefined) {
      this.#begin(value)
      return
    }
    this.#values ??= this.toArray(row)
    this.#ints = undefined
    this.#same = undefined
    this.#values.push(value)
  }

  /** Returns the first `rows` values. */
  toArray(rows: number): unknown[] {
    if (this.#ints) return Array.from(this.#ints.subarray(0, rows))
    if (this.#same !== undefined) return new Array<unknown>(rows).fill(this.#same)
    return this.#values ?? []
  }

  /** `writeValues` writes values of other kinds. */
  write(w: ByteWriter, rows: number, depth: number, writeValues: WriteValues): void {
    if (this.#ints) {
      writeHeader(w, FORM.i32, rows)
      w.view(Int32Array, rows).set(this.#ints.subarray(0, rows))
    } else if (this.#same !== undefined && rows >= LEAST_SAME) {
      writeHeader(w, FORM.same, rows)
      writeStrings(w, [this.#same])
    } else writeValues(w, this.toArray(rows), depth)
  }

  #begin(first: unknown): void {
    if (isInt(first)) {
      if (this.#memory.length === 0) this.#memory = new Int32Array(FIRST_ROWS)
      this.#ints = this.#memory
      this.#ints[0] = first
    } else if (typeof first === 'string') this.#same = first
    else this.#values = [first]
  }

  #grow(): void {
    this.#memory = new Int32Array(this.#ints!.length * 2)
    this.#memory.set(this.#ints!)
    this.#ints = this.#memory
  }
}

/** Whether an i32 holds exactly this number. */
function isInt(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)
}
