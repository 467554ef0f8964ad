import type { KeyColumn, Numbers } from '../../blocks/key-column.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import type { StateTable } from './table.js'

/** Pairs in two columns, as a shuffle yields them. Fast operators work on the columns. */
export class Pairs implements Iterable<readonly [unknown, unknown]> {
  /** Numbers in a column, or any values. */
  readonly values: ArrayLike<unknown>
  readonly #columns: readonly KeyColumn[]
  #keys: readonly unknown[] | undefined

  constructor(parts: readonly PairColumns[]) {
    this.#columns = parts.map(({ keys }) => keys)
    this.values = numbersOf(parts) ?? together(parts.map(({ values }) => values))
  }

  /** Decodes keys on the first call. Make it before a user function runs: the task's blocks may be freed. */
  get keys(): readonly unknown[] {
    this.#keys ??= together(this.#columns.map((column) => column.all()))
    return this.#keys
  }

  /** Returns the slots of the keys in a table, or -1. Decodes no keys if all are present short texts. */
  slotsIn(table: StateTable): Int32Array {
    const slots = new Int32Array(this.values.length)
    let at = 0
    for (const column of this.#columns) {
      slots.set(table.findColumn(column).subarray(0, column.count), at)
      at += column.count
    }
    return slots
  }

  *[Symbol.iterator](): Iterator<readonly [unknown, unknown]> {
    const { keys, values } = this
    for (let i = 0; i < keys.length; i++) yield [keys[i], values[i]]
  }
}

/** Returns a copy of the numbers of all parts, because their blocks may be freed; undefined if there are other values. */
function numbersOf(parts: readonly PairColumns[]): Numbers | undefined {
  const columns = parts.flatMap(({ numbers }) => numbers ?? [])
  if (columns.length < parts.length || parts.length === 0) return undefined
  const length = columns.reduce((sum, column) => sum + column.length, 0)
  const all = columns.every((column) => column instanceof Int32Array)
    ? new Int32Array(length)
    : new Float64Array(length)
  let at = 0
  for (const column of columns) {
    all.set(column, at)
    at += column.length
  }
  return all
}

/** Concatenates arrays into a new one. */
function together(arrays: readonly (readonly unknown[])[]): readonly unknown[] {
  if (arrays.length === 1) return arrays[0]!
  return ([] as readonly unknown[]).concat(...arrays)
}
