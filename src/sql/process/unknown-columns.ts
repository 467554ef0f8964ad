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

  /** Adds the column that the query `text` misses. Returns whether the query may succeed now. */
  async add(error: Reported | undefined, text: string): Promise<boolean> {
    const missed = missing(error, text)
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

interface Missed {
  readonly column: string
  /** Whether it may be of any table: two tables that have an unqualified name would make it ambiguous. */
  readonly isQualified: boolean
}

const QUALIFIED =
  /does not have a column named "(.+?)"(?:\n|$)|^Column "(.+?)" does not exist on (?:left|right) side of join/s
/** `upper(word) as word`, of which DuckDB finds the alias only; `window w as (order by word)`. */
const UNQUALIFIED =
  /^Column "(.+?)" referenced that exists in the SELECT clause|^Referenced column (.+?) not found in FROM clause and can't/s
/** A subquery looks for the table of a column that it misses outside: the position is that of `b.word`. */
const OUTSIDE = /^Referenced table ".+" not found!/s
const COLUMN_OF_TABLE = /^(?:"(?:[^"]|"")+"|\w+)\s*\.\s*(?:"((?:[^"]|"")+)"|(\w+))/u

/** Returns the column that a query misses. */
function missing(error: Reported | undefined, text: string): Missed | undefined {
  if (error?.exception_type !== 'Binder') return undefined
  if (error.error_subtype === 'COLUMN_NOT_FOUND' && error.name !== undefined)
    return { column: error.name, isQualified: false }
  const { exception_message: message = '', position = '0' } = error
  const unqualified = groupOf(UNQUALIFIED.exec(message))
  if (unqualified !== undefined) return { column: unqualified, isQualified: false }
  const place = OUTSIDE.test(message) ? Buffer.from(text).subarray(Number(position)).toString() : ''
  const qualified = groupOf(QUALIFIED.exec(message) ?? COLUMN_OF_TABLE.exec(place))
  return qualified === undefined ? undefined : { column: qualified.replaceAll('""', '"'), isQualified: true }
}

/** Returns the group of a pattern of alternatives that matched. */
function groupOf(match: RegExpExecArray | null): string | undefined {
  return match?.slice(1).find((group) => group !== undefined)
}
