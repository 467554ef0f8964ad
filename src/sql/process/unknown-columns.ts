import type { DuckDBConnection } from '@duckdb/node-api'
import { quoted, storedName } from '../quoted.js'
import type { Reported } from './sql-error.js'

/**
 * Tables whose records have no fields, or that have no records, without set types. They get the columns that the query
 * names, as DuckDB misses them: each has the type of NULL, so that `count(word)` of an empty batch is 0.
 */
export class UnknownColumns {
  readonly #connection: DuckDBConnection
  readonly #tables: ReadonlyMap<string, Set<string>>

  constructor(connection: DuckDBConnection, tables: readonly string[]) {
    this.#connection = connection
    this.#tables = new Map(tables.map((table) => [table, new Set()]))
  }

  get tables(): readonly string[] {
    return [...this.#tables.keys()]
  }

  /** Adds the column that an error misses. Returns whether the query may succeed now. */
  async add(error: Reported | undefined): Promise<boolean> {
    const missed = missing(error)
    if (!missed) return false
    let added = false
    for (const [table, columns] of this.#tables) {
      if (columns.has(missed.column) || (added && !missed.isQualified)) continue
      added = true
      columns.add(missed.column)
      const list = [...columns].map((column) => `NULL AS ${quoted(column)}`).join(', ')
      await this.#connection.run(
        `CREATE OR REPLACE TEMP VIEW ${quoted(table)} AS SELECT ${list} FROM ${quoted(storedName(table))}`,
      )
    }
    return added
  }
}

const QUALIFIED = /does not have a column named "(.+)"$|^Column "(.+)" does not exist on (?:left|right) side of join/s

/** `upper(word) as word`: DuckDB finds the alias only. */
const HIDDEN = /^Column "(.+)" referenced that exists in the SELECT clause/s

/** The column that a query misses. In an unqualified name, two tables that have it would be ambiguous. */
function missing(error: Reported | undefined): { readonly column: string; readonly isQualified: boolean } | undefined {
  if (error?.exception_type !== 'Binder') return undefined
  if (error.error_subtype === 'COLUMN_NOT_FOUND' && error.name !== undefined)
    return { column: error.name, isQualified: false }
  const [, hidden] = HIDDEN.exec(error.exception_message ?? '') ?? []
  if (hidden !== undefined) return { column: hidden, isQualified: false }
  const [, ofTable, ofJoin] = QUALIFIED.exec(error.exception_message ?? '') ?? []
  const column = ofTable ?? ofJoin
  return column === undefined ? undefined : { column, isQualified: true }
}
