import type { KeyColumn } from '../../blocks/key-column.js'
import { NONE } from '../tables/partner-index.js'

/** The columns of joined records. Record i has the key and the value of row `lefts[i]`, and the partner `rights[i]`. */
export interface JoinedColumns {
  readonly keys: KeyColumn
  readonly mine: readonly unknown[]
  readonly theirs: readonly unknown[]
  readonly lefts: Int32Array
  /** NONE: no partner. */
  readonly rights: Int32Array
}

/**
 * Joined records, `[key, [mine, theirs]]`, in columns. A compiled loop reads the columns, and V8 then allocates no arrays for
 * functions that it inlines. Iterating builds the arrays.
 */
export class JoinedRecords implements Iterable<unknown> {
  readonly columns: JoinedColumns

  constructor(columns: JoinedColumns) {
    this.columns = columns
  }

  get length(): number {
    return this.columns.lefts.length
  }

  /** Returns the records from `start` on, before `end`. */
  slice(start: number, end?: number): JoinedRecords {
    const { lefts, rights } = this.columns
    return new JoinedRecords({
      ...this.columns,
      lefts: lefts.subarray(start, end),
      rights: rights.subarray(start, end),
    })
  }

  at(i: number): unknown {
    const { keys, mine, theirs, lefts, rights } = this.columns
    const right = rights[i]!
    return [keys.all()[lefts[i]!], [mine[lefts[i]!], right === NONE ? undefined : theirs[right]]]
  }

  toArray(): unknown[] {
    return Array.from(this.columns.lefts, (_, i) => this.at(i))
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }
}
