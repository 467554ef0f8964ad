import { ArgumentError } from '../../errors.js'
import { OptionCheck } from '../options.js'
import { areNames, checkColumns } from '../tables/options.js'

/**
 * How to reach a server: a URL, or an object with fields as in the package `pg`. Plain data, because the driver sends
 * it to worker threads.
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
  /** Table to insert rows into: `orders` or `sales.orders`. It must exist. */
  readonly table: string
  /** Columns to fill, in the order of the values of records that are arrays. Other columns get their defaults. */
  readonly columns: readonly string[]
  /** Names this application among all that write to the database. A restarted process needs the same name. */
  readonly application: string
  /**
   * Treatment of a row that exists already: `'fail'` (default) fails the batch, `'ignore'` keeps the old row, and `{
   * update: ['id'] }` replaces the row with equal values in these columns, which need a unique index.
   */
  readonly onConflict?: 'fail' | 'ignore' | { readonly update: readonly string[] }
  /**
   * The most rows of a partition that are sent with the commit (1,000). Partitions with more rows use a staging table.
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
/** The most bytes of an identifier. PostgreSQL truncates longer ones without an error. */
const LONGEST_NAME = 63

export const check = new OptionCheck('postgres')

/**
 * Checks the options. No message contains the connection, as it may have a password. @throws ArgumentError that names
 * the option.
 */
export function checkPostgresOptions(options: PostgresSinkOptions): CheckedPostgresOptions {
  check.names(options, NAMES)
  const columns = checkColumns(check, 'columns', options.columns, isName)
  return {
    connection: checkConnection(options.connection),
    table: checkTable(options.table),
    columns,
    application: check.text('application', options.application, 'a name'),
    conflict: checkConflict(options.onConflict ?? 'fail', columns),
    inlineRows: check.integer('inlineRows', options.inlineRows ?? 1000, 0),
  }
}

function checkConflict(
  given: NonNullable<PostgresSinkOptions['onConflict']>,
  columns: readonly string[],
): CheckedPostgresOptions['conflict'] {
  if (given === 'fail' || given === 'ignore') return given
  const update = (given as { readonly update?: unknown } | null)?.update
  if (areNames(update, isName) && update.every((name) => columns.includes(name))) return update
  throw check.wrong('onConflict', given, "'fail', 'ignore' or { update: [some of the columns] }")
}

export function checkConnection(connection: PostgresConnection): PostgresConnection {
  if (typeof connection === 'string' ? connection !== '' : typeof connection === 'object' && connection !== null)
    return connection
  throw new ArgumentError("postgres: connection must be a URL, 'postgres://user@host/database', or { host, ... }.")
}

/** Splits a name into its schema, if it has one, and its table. */
export function checkTable(table: string): readonly string[] {
  const names = typeof table === 'string' ? table.split('.') : []
  if (names.length >= 1 && names.length <= 2 && names.every(isName)) return names
  throw check.wrong('table', table, "'table' or 'schema.table'")
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= LONGEST_NAME && !value.includes('\0')
}
