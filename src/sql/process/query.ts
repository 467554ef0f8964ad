import type { Query } from '../query.js'
import { tableData } from '../records/table-data.js'
import { bindParams } from './bind.js'
import { connect, discard, loadDuckDB } from './duckdb.js'
import { InternalNames } from './internal-names.js'
import { loadTable } from './load.js'
import { readRows } from './rows.js'
import { isFatal, sqlError } from './sql-error.js'
import { into, prepare } from './statement.js'
import { UnknownColumns } from './unknown-columns.js'

/** Runs a query on its tables. Rejects with SqlError, or DataError for a record that fits no table. */
export async function runQuery(query: Query, records: readonly (readonly unknown[])[]): Promise<readonly object[]> {
  const duckdb = await loadDuckDB()
  const connection = await connect(duckdb, query.memoryLimit)
  const names = new InternalNames(query)
  const place = { text: query.text, prefix: '', unknown: [] as readonly string[] }
  try {
    const tables = query.tables.map((spec, i) => tableData(spec, names.records(i), records[i]!))
    for (const table of tables) await loadTable(duckdb, connection, table)
    place.unknown = tables.filter(({ isUnknown }) => isUnknown).map(({ name }) => name)
    const prefix = into(names.result)
    const statement = await prepare(duckdb, connection, prefix, query.text, new UnknownColumns(connection, tables))
    bindParams(duckdb, statement, query)
    place.prefix = prefix
    await statement.run()
    return await readRows(duckdb, connection, names.result, query.maxRows)
  } catch (error) {
    if (isFatal(error)) discard(query.memoryLimit)
    throw sqlError(error, place)
  } finally {
    connection.closeSync()
  }
}
