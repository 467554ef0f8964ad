import type { DirectSource } from '../../ops/source.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { checkKeyPosition, TableDriver } from '../tables/driver.js'
import type { KeyRange } from '../tables/key-ranges.js'
import { checkSqliteTable, type SqliteTableOptions } from './options.js'
import { SqliteTable } from './table.js'

/**
 * Reads the rows of a table. A dataset reads all rows, in `numPartitions` ranges of an integer column. A stream reads
 * the inserted rows, by a column that grows. Records are objects by column.
 */
export function sqliteTableSource<Row extends object = Record<string, unknown>>(
  options: SqliteTableOptions,
): DirectSource<KeyRange, Row> {
  const source = checkSqliteTable(options)
  const name = `sqlite ${source.table}@${source.path}`
  return {
    kind: 'direct',
    name,
    reader: {
      module: new URL('connectors/sqlite/reader.js', PACKAGE_ROOT).href,
      export: 'sqliteReader',
      options: source,
    },
    create: () => new TableDriver(name, new SqliteTable(source), source.options),
    checkPosition: checkKeyPosition,
  }
}
