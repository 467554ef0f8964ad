import type { ByteWriter } from './byte-writer.js'
import { FORM, writeHeader } from './column-header.js'

const FIRST_ROWS = 64
const NO_INTS = new Int32Array(0)
const NO_FLOATS = new Float64Array(0)
/** Below this many, the value itself costs as much as saying that all are the same. */
const LEAST_SAME = 8

/** Writes values of any kind as a column. */
export type WriteValues = (w: ByteWriter, values: readonly unknown[], depth: number) => void

/** A column in memory that can be written. */
export interface WritableColumn {
  readonly count: number
  /** Whether all values are texts, or all are numbers: keys of this kind need no pairs. */
  readonly isPlain: boolean
  toArray(): readonly unknown[]
  /** `writeValues` writes values that the column holds in an array. */
  write(w: ByteWriter, depth: number, writeValues: WriteValues): void
}

/**
 * A column of these values. A class, because V8 makes a map in the old generation for each object literal with a getter: the
 * map refers to the getter, which keeps all values alive until a full collection.
 */
export class ArrayColumn implements WritableColumn {
  readonly #values: readonly unknown[]

  constructor(values: readonly unknown[]) {
    this.#values = values
  }

  get count(): number {
    return this.#values.length
  }

  get isPlain(): boolean {
    return allOf(this.#values, 'string') || allOf(this.#values, 'number')
  }

  toArray(): readonly unknown[] {
    return this.#values
  }

  write(w: ByteWriter, depth: number, writeValues: WriteValues): void {
    writeValues(w, this.#values, depth)
  }
}

/**
 * Values that are added one by one. Numbers go into a typed array, and one primitive value that all rows share is kept
 * once: neither takes memory that a collection would visit.
 */
export class GrowingColumn implements WritableColumn {
  /** Kept between tasks, because new memory costs page faults and collections. */
  #intMemory = NO_INTS
  #floatMemory = NO_FLOATS
  #count = 0
  #ints: Int32Array | undefined
  #floats: Float64Array | undefined
  /** Undefined if there is none: the value may be undefined itself. */
  #same: { readonly value: unknown } | undefined
  #values: unknown[] | undefined

  get count(): number {
    return this.#count
  }

  get isPlain(): boolean {
    if (this.#ints || this.#floats || this.#count === 0) return true
    if (this.#same) return typeof this.#same.value === 'string'
    return allOf(this.#values!, 'string') || allOf(this.#values!, 'number')
  }

  /** Starts again without values. Frees memory of more than `most` numbers. */
  clear(most: number): void {
    if (this.#intMemory.length > most) this.#intMemory = NO_INTS
    if (this.#floatMemory.length > most) this.#floatMemory = NO_FLOATS
    this.#count = 0
    this.#ints = undefined
    this.#floats = undefined
    this.#same = undefined
    this.#values = undefined
  }

  add(value: unknown): void {
    if (this.#values !== undefined) {
      this.#values.push(value)
      this.#count++
    } else if (typeof value === 'number') this.addNumber(value)
    else this.#addOther(value)
  }

  addNumber(value: number): void {
    const ints = this.#ints
    if (ints !== undefined && isInt(value)) {
      if (this.#count === ints.length) this.#growInts()
      this.#ints![this.#count++] = value
    } else if (this.#floats !== undefined) this.#addFloat(value)
    else this.#addFirst(value)
  }

  /** Adds numbers: i32, or any. */
  addNumbers(numbers: Int32Array | Float64Array): void {
    const count = this.#count + numbers.length
    if (numbers instanceof Int32Array && (this.#ints || this.#count === 0)) {
      if (count > this.#intMemory.length) this.#intMemory = longer(this.#intMemory, new Int32Array(count * 2))
      this.#ints = this.#intMemory
      this.#ints.set(numbers, this.#count)
      this.#count = count
    } else if (this.#floats) {
      if (count > this.#floats.length) this.#reserveFloats(count * 2)
      this.#floats.set(numbers, this.#count)
      this.#count = count
    } else for (let i = 0; i < numbers.length; i++) this.addNumber(numbers[i]!)
  }

  toArray(): readonly unknown[] {
    if (this.#ints) return Array.from(this.#ints.subarray(0, this.#count))
    if (this.#floats) return Array.from(this.#floats.subarray(0, this.#count))
    if (this.#same) return new Array<unknown>(this.#count).fill(this.#same.value)
    return this.#values ?? []
  }

  write(w: ByteWriter, depth: number, writeValues: WriteValues): void {
    const count = this.#count
    if (this.#ints) {
      writeHeader(w, FORM.i32, count)
      w.view(Int32Array, count).set(this.#ints.subarray(0, count))
    } else if (this.#floats) {
      writeHeader(w, FORM.f64, count)
      w.view(Float64Array, count).set(this.#floats.subarray(0, count))
    } else if (this.#same && count >= LEAST_SAME) {
      writeHeader(w, FORM.same, count)
      writeValues(w, [this.#same.value], depth)
    } else writeValues(w, this.toArray(), depth)
  }

  #addFloat(value: number): void {
    if (this.#count === this.#floats!.length) this.#reserveFloats(this.#count * 2)
    this.#floats![this.#count++] = value
  }

  /** Adds the first number, or the first one that is no i32. */
  #addFirst(value: number): void {
    if (this.#same !== undefined || this.#values !== undefined) this.#addOther(value)
    else if (this.#count === 0 && isInt(value)) {
      if (this.#intMemory.length === 0) this.#intMemory = new Int32Array(FIRST_ROWS)
      this.#ints = this.#intMemory
      this.#ints[this.#count++] = value
    } else {
      this.#toFloats()
      this.#addFloat(value)
    }
  }

  #addOther(value: unknown): void {
    const isFirst = this.#count === 0
    if (isFirst && (typeof value !== 'object' || value === null)) this.#same = { value }
    else if (this.#same === undefined || !Object.is(this.#same.value, value)) {
      this.#values ??= [...this.toArray()]
      this.#values.push(value)
      this.#ints = undefined
      this.#floats = undefined
      this.#same = undefined
    }
    this.#count++
  }

  #growInts(): void {
    this.#intMemory = longer(this.#intMemory, new Int32Array(this.#count * 2))
    this.#ints = this.#intMemory
  }

  #toFloats(): void {
    const ints = this.#ints
    this.#ints = undefined
    this.#floats = this.#floatMemory
    this.#reserveFloats(Math.max(FIRST_ROWS, this.#count * 2))
    if (ints) this.#floats.set(ints.subarray(0, this.#count))
  }

  #reserveFloats(rows: number): void {
    if (this.#floatMemory.length < rows) this.#floatMemory = longer(this.#floatMemory, new Float64Array(rows))
    this.#floats = this.#floatMemory
  }
}

/** Whether an i32 holds exactly this number. */
function isInt(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0)
}

function longer<T extends Int32Array | Float64Array>(short: T, long: T): T {
  long.set(short)
  return long
}

export function allOf(values: readonly unknown[], type: 'number' | 'string'): boolean {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== type) return false
  return true
}
