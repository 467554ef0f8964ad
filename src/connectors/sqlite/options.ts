import { ArgumentError } from '../../errors.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'
import { type CheckedTableOptions, checkTableOptions, TABLE_NAMES, type TableOptions } from '../tables/options.js'

export interface SqliteTableOptions extends TableOptions {
  /** The database file. */
  readonly path: string
  /** The table or view to read. */
  readonly table: string
  /** How long statements are repeated while another connection holds a lock (5 s). */
  readonly busyTime?: Duration
}

export interface SqliteSinkOptions {
  /** The database file. */
  readonly path: string
  /** The table that rows are inserted into. It must exist. */
  readonly table: string
  /** The columns that records have values for, in the order of records that are arrays. The others get their defaults. */
  readonly columns: readonly string[]
  /** Names this application among all that write to the database: a restarted process must have the same. */
  readonly application: string
  /** A row that exists already: `'fail'` (default) fails the batch, `'ignore'` keeps the old row, `'replace'` replaces it. */
  readonly onConflict?: 'fail' | 'ignore' | 'replace'
  /** How long statements are repeated while another connection holds a lock (5 s). */
  readonly busyTime?: Duration
}

export interface CheckedSqliteTable {
  readonly path: string
  readonly table: string
  readonly options: CheckedTableOptions
  readonly busyMs: number
}

export interface CheckedSqliteSink {
  readonly path: string
  readonly table: string
  readonly columns: readonly string[]
  readonly application: string
  readonly onConflict: 'fail' | 'ignore' | 'replace'
  readonly busyMs: number
}

const SINK_NAMES = ['path', 'table', 'columns', 'application', 'onConflict', 'busyTime']

export function checkSqliteTable(options: SqliteTableOptions): CheckedSqliteTable {
  checkNames(options, ['path', 'table', 'busyTime', ...TABLE_NAMES])
  return { ...checkPlace(options), options: checkTableOptions('sqlite', options, isName) }
}

export function checkSqliteSink(options: SqliteSinkOptions): CheckedSqliteSink {
  checkNames(options, SINK_NAMES)
  const { columns, application, onConflict = 'fail' } = options
  if (
    !(Array.isArray(columns) && columns.length > 0 && columns.every(isName) && new Set(columns).size === columns.length)
  )
    throw wrong('columns', columns, 'a list of one or more different column names')
  if (!isName(application)) throw wrong('application', application, 'a name')
  if (!['fail', 'ignore', 'replace'].includes(onConflict))
    throw wrong('onConflict', onConflict, "'fail', 'ignore' or 'replace'")
  return { ...checkPlace(options), columns, application, onConflict }
}

function checkPlace({ path, table, busyTime = '5s' }: SqliteTableOptions | SqliteSinkOptions) {
  // Each thread and the driver would have a database of its own.
  if (!isName(path) || path === ':memory:' || path.startsWith('file:'))
    throw wrong('path', path, 'the path of a database file')
  if (!isName(table)) throw wrong('table', table, 'the name of a table')
  return { path, table, busyMs: toMillis(busyTime, 'sqlite busyTime') }
}

function checkNames(options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', options, '{ path, table, ... }')
  for (const name of Object.keys(options)) {
    if (!names.includes(name))
      throw new ArgumentError(`sqlite: there is no option '${name}'. Options: ${names.join(', ')}.`, { option: name })
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function wrong(option: string, given: unknown, allowed: string): ArgumentError {
  return new ArgumentError(`sqlite: ${option} is ${describe(given)}; use ${allowed}.`, { option })
}
