import { type Duration, toMillis } from '../../../ops/time.js'
import { type CheckedTableOptions, checkTableOptions, TABLE_NAMES, type TableOptions } from '../../tables/options.js'
import { check, checkConnection, checkTable, isName, type PostgresConnection } from '../options.js'

export interface PostgresTableOptions extends TableOptions {
  readonly connection: PostgresConnection
  /** Table or view to read: `orders` or `sales.orders`. */
  readonly table: string
  /** How long statements are retried while the server restarts (30 s). */
  readonly retryTime?: Duration
}

export interface CheckedTableSource {
  readonly connection: PostgresConnection
  readonly table: readonly string[]
  readonly options: CheckedTableOptions
  readonly retryMs: number
}

/**
 * Checks the options. No message contains the connection, as it may have a password. @throws ArgumentError that names
 * the option.
 */
export function checkTableSource(options: PostgresTableOptions): CheckedTableSource {
  check.names(options, ['connection', 'table', 'retryTime', ...TABLE_NAMES])
  return {
    connection: checkConnection(options.connection),
    table: checkTable(options.table),
    options: checkTableOptions(check, options, isName),
    retryMs: toMillis(options.retryTime ?? '30s', 'postgres retryTime'),
  }
}
