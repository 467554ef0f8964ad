import type { DuckDBConnection } from '@duckdb/node-api'
import { quoted } from '../quoted.js'
import type { TableData } from '../records/table-data.js'
import { namedColumns } from './named-columns.js'
import type { Reported } from './sql-error.js'
import { syntaxTree } from './syntax-tree.js'

/**
 * Tables whose records have no fields, or that have no records, without set types. They get the columns that the query
 * names, as DuckDB misses them: each has the type of NULL, so that `count(word)` of an empty batch is 0.
 */
export class UnknownColumns {
  readonly #connection: DuckDBConnection
  /** The columns of each table by their names in lower case, as SQL ignores case. */
  readonly #tables: ReadonlyMap<TableData, Map<string, string>>
  readonly #known: ReadonlySet<string>
  #hasParsed = false

  constructor(connection: DuckDBConnection, tables: readonly TableData[]) {
    this.#connection = connection
    this.#tables = new Map(tables.filter(({ isUnknown }) => isUnknown).map((table) => [table, new Map()]))
    const known = tables.flatMap(({ columns }) => [...columns.keys()])
    this.#known = new Set(known.map((column) => column.toLowerCase()))
  }

  /** Adds the column that the query `text` misses. Returns whether the query may succeed now. */
  async add(error: Reported | undefined, text: string): Promise<boolean> {
    const missed = missing(error, text)
    if (!missed) return false
    const named = await this.#addNamed(text)
    const isNamed = named.some((table) => this.#tables.get(table)!.has(key(missed.column)))
    const changed = isNamed ? named : [...named, ...this.#addMissed(missed)]
    for (const table of new Set(changed)) await this.#createView(table)
    return changed.length > 0
  }

  #addMissed({ column, isQualified }: Missed): readonly TableData[] {
    const without = [...this.#tables].filter(([, columns]) => !columns.has(key(column)))
    const changed = isQualified ? without : without.slice(0, 1)
    for (const [, columns] of changed) columns.set(key(column), column)
    return changed.map(([table]) => table)
  }

  /**
   * Adds all columns that can be of no other table, with the first that DuckDB misses. It misses one at a time, and each
   * costs a further preparation of the query. Returns the tables that have some.
   */
  async #addNamed(text: string): Promise<readonly TableData[]> {
    if (this.#hasParsed || this.#tables.size === 0) return []
    this.#hasParsed = true
    const tree = await syntaxTree(this.#connection, text)
    if (!tree) return []
    const tables = [...this.#tables.keys()]
    const { unqualified, qualified } = namedColumns(
      tree,
      tables.map(({ name }) => name),
    )
    for (const table of tables) this.#addTo(table, qualified.get(table.name) ?? [])
    const taken = new Set(tables.flatMap((table) => [...this.#tables.get(table)!.keys()]))
    this.#addTo(
      tables[0]!,
      unqualified.filter((column) => !taken.has(key(column)) && !this.#known.has(key(column))),
    )
    return tables.filter((table) => this.#tables.get(table)!.size > 0)
  }

  #addTo(table: TableData, names: readonly string[]): void {
    const columns = this.#tables.get(table)!
    for (const name of names) if (!columns.has(key(name))) columns.set(key(name), name)
  }

  async #createView(table: TableData): Promise<void> {
    const list = [...this.#tables.get(table)!.values()].map((column) => `NULL AS ${quoted(column)}`).join(', ')
    await this.#connection.run(
      `CREATE OR REPLACE TEMP VIEW ${quoted(table.name)} AS SELECT ${list} FROM ${quoted(table.stored)}`,
    )
  }
}

function key(column: string): string {
  return column.toLowerCase()
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
