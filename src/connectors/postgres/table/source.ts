import type { DirectSource } from '../../../ops/source.js'
import { PACKAGE_ROOT } from '../../../package-root.js'
import { checkKeyPosition, TableDriver } from '../../tables/driver.js'
import type { KeyRange } from '../../tables/key-ranges.js'
import { serverOf } from '../client.js'
import { checkTableSource, type PostgresTableOptions } from './options.js'
import { PostgresTable } from './port.js'

/**
 * Reads the rows of a table. A dataset reads all rows, in `numPartitions` ranges of an integer column. A stream reads
 * the inserted rows, by a column that grows. Records are objects by column.
 */
export function postgresTableSource<Row extends object = Record<string, unknown>>(
  options: PostgresTableOptions,
): DirectSource<KeyRange, Row> {
  const source = checkTableSource(options)
  const name = `postgres ${options.table}@${serverOf(source.connection)}`
  return {
    kind: 'direct',
    name,
    reader: {
      module: new URL('connectors/postgres/table/reader.js', PACKAGE_ROOT).href,
      export: 'tableReader',
      options: source,
    },
    create: () => new TableDriver(name, new PostgresTable(source), source.options),
    checkPosition: checkKeyPosition,
  }
}
