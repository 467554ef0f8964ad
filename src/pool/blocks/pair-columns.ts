import type { Cursor } from './column-header.js'
import { readColumn } from './columns.js'
import { KeyColumn, type Numbers, readNumbers } from './key-column.js'

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
    const numbers = readNumbers(cursor)
    return new PairColumns(keys, numbers ? undefined : readColumn(cursor), numbers)
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
