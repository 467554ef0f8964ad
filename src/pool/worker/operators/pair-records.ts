import type { PairColumns } from '../../blocks/pair-columns.js'
import { ColumnRecords } from './column-records.js'

/** Pairs in columns, `[key, value]`. They are valid until the state that they come from changes. */
export class PairRecords extends ColumnRecords {
  readonly columns: PairColumns
  /** Whether a function that does not read keys may get pairs without them. */
  readonly omitsKeys: boolean
  /** The row of the first record. */
  readonly from: number
  /** The row after the last record. */
  readonly to: number

  constructor(columns: PairColumns, omitsKeys: boolean, from = 0, to = columns.count) {
    super()
    this.columns = columns
    this.omitsKeys = omitsKeys
    this.from = from
    this.to = to
  }

  override get length(): number {
    return this.to - this.from
  }

  override slice(start: number, end = this.length): PairRecords {
    const from = Math.min(this.from + start, this.to)
    return new PairRecords(this.columns, this.omitsKeys, from, Math.max(from, Math.min(this.from + end, this.to)))
  }

  override at(i: number): [unknown, unknown] {
    return this.row(this.from + i)
  }

  /** Returns the record of a row of the columns. */
  row(i: number): [unknown, unknown] {
    return [this.columns.keys.all()[i], this.columns.values[i]]
  }

  override toArray(): [unknown, unknown][] {
    const pairs = new Array<[unknown, unknown]>(this.length)
    const keys = this.columns.keys.all()
    const { values } = this.columns
    for (let i = 0; i < pairs.length; i++) pairs[i] = [keys[this.from + i], values[this.from + i]]
    return pairs
  }
}
