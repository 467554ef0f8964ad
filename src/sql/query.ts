import type { Columns } from './columns.js'

/**
 * Parameters of a query: by position for `?` and `$1`, by name for `$name`. Arrays among them are lists, objects are
 * structs.
 */
export type SqlParams = readonly unknown[] | Readonly<Record<string, unknown>>

/** A query and its tables, as plain data that is sent to the threads. */
export interface Query {
  readonly text: string
  readonly tables: readonly TableSpec[]
  readonly params: SqlParams
  readonly memoryLimit: number
  readonly maxRows: number
}

export interface TableSpec {
  readonly name: string
  /** Without them, the types come from the records. */
  readonly columns?: Columns
}
