import { type Cursor, FORM, readHeader, readView } from './column-header.js'
import { readColumn } from './columns.js'
import { KeyColumn } from './key-column.js'

export type Numbers = Int32Array | Float64Array

/** Pairs in two columns. Columns of a block are read in place or decoded on demand: valid as long as the block. */
export class PairColumns {
  readonly keys: KeyColumn
  /** Present if all values are numbers of a block. */
  readonly numbers: Numbers | undefined
  #values: readonly unknown[] | undefined

  private constructor(keys: KeyColumn, values: readonly unknown[] | undefined, numbers: Numbers | undefined) {
    this.keys = keys
    this.numbers = numbers
    this.#values = values
  }

  /** Returns the next two columns. */
  static read(cursor: Cursor): PairColumns {
    const keys = KeyColumn.read(cursor)
    const { at } = cursor
    const { form, count } = readHeader(cursor)
    if (form === FORM.i32) return new PairColumns(keys, undefined, readView(cursor, Int32Array, count))
    if (form === FORM.f64) return new PairColumns(keys, undefined, readView(cursor, Float64Array, count))
    cursor.at = at
    return new PairColumns(keys, readColumn(cursor), undefined)
  }

  static of(keys: readonly unknown[], values: readonly unknown[]): PairColumns {
    return new PairColumns(KeyColumn.of(keys), values, undefined)
  }

  static ofColumn(keys: KeyColumn, values: readonly unknown[]): PairColumns {
    return new PairColumns(keys, values, undefined)
  }

  get count(): number {
    return this.keys.count
  }

  get values(): readonly unknown[] {
    this.#values ??= toArray(this.numbers!)
    return this.#values
  }
}

function toArray(numbers: Numbers): number[] {
  const all = new Array<number>(numbers.length)
  for (let i = 0; i < all.length; i++) all[i] = numbers[i]!
  return all
}
