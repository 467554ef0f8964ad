/**
 * Records in columns. A compiled loop reads the columns, and V8 then allocates no arrays for functions that it inlines.
 * Iterating builds the arrays.
 */
export abstract class ColumnRecords implements Iterable<unknown> {
  abstract get length(): number

  /** Returns the records from `start` on, before `end`. */
  abstract slice(start: number, end?: number): ColumnRecords

  abstract at(i: number): unknown

  toArray(): unknown[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i))
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }
}
