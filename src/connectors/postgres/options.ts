import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/**
 * How to reach a server: a URL, or fields as the `pg` package takes them. Plain data, because it is sent to the
 * threads.
 */
export type PostgresConnection =
  | string
  | {
      readonly host?: string
      readonly port?: number
      readonly database?: string
      readonly user?: string
      readonly password?: string
      readonly ssl?: boolean | object
    }

export interface PostgresSinkOptions {
  readonly connection: PostgresConnection
  /** The table that rows are inserted into: `orders` or `sales.orders`. It must exist. */
  readonly table: string
  /**
   * The columns that records give values for, in the order of records that are arrays. The others get their defaults.
   */
  readonly columns: readonly string[]
  /** Names this application among all that write to the database: a restarted process must have the same. */
  readonly application: string
  /**
   * Chooses between a new row and one that is there already. `'fail'` (default) fails the batch; `'ignore'` keeps the
   * old row; `{ update: ['id'] }` replaces the row that has the same values in these columns, which need a unique
   * index.
   */
  readonly onConflict?: 'fail' | 'ignore' | { readonly update: readonly string[] }
  /**
   * Largest number of rows of a partition that are sent with the commit (1,000). More rows go through a staging table.
   */
  readonly inlineRows?: number
}

export interface CheckedPostgresOptions {
  readonly connection: PostgresConnection
  readonly table: readonly string[]
  readonly columns: readonly string[]
  readonly application: string
  readonly conflict: 'fail' | 'ignore' | readonly string[]
  readonly inlineRows: number
}

const NAMES = ['connection', 'table', 'columns', 'application', 'onConflict', 'inlineRows']
/** Bytes of an identifier in PostgreSQL; longer ones would be cut without an error. */
const LONGEST_NAME = 63

/** @throws ArgumentError that names the option. The connection is not quoted: it may hold a password. */
export function checkPostgresOptions(options: PostgresSinkOptions): CheckedPostgresOptions {
  checkNames(options, NAMES, '{ connection, table, columns, application }')
  const { table, columns, application, onConflict = 'fail', inlineRows = 1000 } = options
  const connection = checkConnection(options.connection)
  const names = checkTable(table)
  if (!isNames(columns)) throw wrong('columns', columns, 'a list of one or more different column names')
  if (typeof application !== 'string' || application === '') throw wrong('application', application, 'a name')
  if (!Number.isInteger(inlineRows) || inlineRows < 0)
    throw wrong('inlineRows', inlineRows, 'a whole number of at least 0')
  const conflict = typeof onConflict === 'object' && onConflict !== null ? onConflict.update : onConflict
  if (
    conflict !== 'fail' &&
    conflict !== 'ignore' &&
    !(isNames(conflict) && conflict.every((name) => columns.includes(name)))
  )
    throw wrong('onConflict', onConflict, "'fail', 'ignore' or { update: [some of the columns] }")
  return { connection, table: names, columns, application, conflict, inlineRows }
}

/** Refuses options that do not exist. */
export function checkNames(options: object, names: readonly string[], example: string): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', options, example)
  for (const name of Object.keys(options)) {
    if (!names.includes(name))
      throw new ArgumentError(`postgres: there is no option '${name}'. Options: ${names.join(', ')}.`, { option: name })
  }
}

export function checkConnection(connection: PostgresConnection): PostgresConnection {
  if (typeof connection === 'string' ? connection !== '' : typeof connection === 'object' && connection !== null)
    return connection
  throw new ArgumentError("postgres: connection must be a URL, 'postgres://user@host/database', or { host, ... }.")
}

/** Returns the parts of the name: a schema, if there is one, and the table. */
export function checkTable(table: string): readonly string[] {
  const names = typeof table === 'string' ? table.split('.') : []
  if (names.length >= 1 && names.length <= 2 && names.every(isName)) return names
  throw wrong('table', table, "'table' or 'schema.table'")
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= LONGEST_NAME && !value.includes('\0')
}

export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isName) && new Set(value).size === value.length
}

export function wrong(option: string, given: unknown, allowed: string): ArgumentError {
  return new ArgumentError(`postgres: ${option} is ${describe(given)}; it must be ${allowed}.`, { option })
}
