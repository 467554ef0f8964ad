import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck } from '../options.js'
import {
  type CheckedTableOptions,
  checkColumns,
  checkTableOptions,
  TABLE_NAMES,
  type TableOptions,
} from '../tables/options.js'

export interface SqliteTableOptions extends TableOptions {
  /** Path of the database file. */
  readonly path: string
  /** Table or view to read. */
  readonly table: string
  /** How long statements are retried while another connection holds a lock (5 s). */
  readonly busyTime?: Duration
}

export interface SqliteSinkOptions {
  /** Path of the database file. */
  readonly path: string
  /** Table to insert rows into. It must exist. */
  readonly table: string
  /** Columns to fill, in the order of the values of records that are arrays. Other columns get their defaults. */
  readonly columns: readonly string[]
  /** Names this application among all that write to the database. A restarted process needs the same name. */
  readonly application: string
  /**
   * Treatment of a row that exists already: `'fail'` (default) fails the batch, `'ignore'` keeps the old row,
   * `'replace'` replaces it.
   */
  readonly onConflict?: 'fail' | 'ignore' | 'replace'
  /** How long statements are retried while another connection holds a lock (5 s). */
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

const check = new OptionCheck('sqlite')
const SINK_NAMES = ['path', 'table', 'columns', 'application', 'onConflict', 'busyTime']

/** Checks the options of a source. @throws ArgumentError that names the option. */
export function checkSqliteTable(options: SqliteTableOptions): CheckedSqliteTable {
  check.names(options, ['path', 'table', 'busyTime', ...TABLE_NAMES])
  return { ...checkPlace(options), options: checkTableOptions(check, options, isName) }
}

/** Checks the options of a sink. @throws ArgumentError that names the option. */
export function checkSqliteSink(options: SqliteSinkOptions): CheckedSqliteSink {
  check.names(options, SINK_NAMES)
  return {
    ...checkPlace(options),
    columns: checkColumns(check, 'columns', options.columns, isName),
    application: check.text('application', options.application, 'a name'),
    onConflict: check.oneOf('onConflict', options.onConflict ?? 'fail', ['fail', 'ignore', 'replace']),
  }
}

function checkPlace({ path, table, busyTime = '5s' }: SqliteTableOptions | SqliteSinkOptions) {
  // An in-memory database cannot be shared: each thread would have its own.
  if (!isName(path) || path === ':memory:' || path.startsWith('file:'))
    throw check.wrong('path', path, 'the path of a database file')
  if (!isName(table)) throw check.wrong('table', table, 'the name of a table')
  return { path, table, busyMs: toMillis(busyTime, 'sqlite busyTime') }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}
