import type { KeyColumn } from '../../blocks/key-column.js'
import { NONE } from '../tables/partner-index.js'
import { ColumnRecords } from './column-records.js'

/** The columns of joined records. Record i has the key and the value of row `lefts[i]`, and the partner `rights[i]`. */
export interface JoinedColumns {
  readonly keys: KeyColumn
  readonly mine: readonly unknown[]
  readonly theirs: readonly unknown[]
  readonly lefts: Int32Array
  /** NONE: no partner. */
  readonly rights: Int32Array
}

/** Joined records, `[key, [mine, theirs]]`, in columns. */
export class JoinedRecords extends ColumnRecords {
  readonly columns: JoinedColumns

  constructor(columns: JoinedColumns) {
    super()
    this.columns = columns
  }

  override get length(): number {
    return this.columns.lefts.length
  }

  override slice(start: number, end?: number): JoinedRecords {
    const { lefts, rights } = this.columns
    return new JoinedRecords({
      ...this.columns,
      lefts: lefts.subarray(start, end),
      rights: rights.subarray(start, end),
    })
  }

  override at(i: number): unknown {
    const { keys, mine, theirs, lefts, rights } = this.columns
    const right = rights[i]!
    return [keys.all()[lefts[i]!], [mine[lefts[i]!], right === NONE ? undefined : theirs[right]]]
  }
}
