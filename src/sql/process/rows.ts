import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'
import { quoted } from '../quoted.js'
import type { DuckDB } from './duckdb.js'
import { fromDuckDB } from './from-duckdb.js'

/** Reads the table `name` of a result as records. @throws SqlError (rejects) if there are more than `maxRows`. */
export async function readRows(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  name: string,
  maxRows: number,
): Promise<readonly object[]> {
  const count = await connection.runAndReadAll(`SELECT count(*) FROM ${quoted(name)}`)
  const total = Number(count.value(0, 0))
  if (total > maxRows)
    throw new SqlError(
      `The result has ${total} rows, and maxRows is ${maxRows}. Aggregate or limit the rows in the query, or raise maxRows.`,
      { details: { rows: total, maxRows, final: true } },
    )
  const result = await connection.stream(`FROM ${quoted(name)}`)
  const names = result.columnNames()
  const converters = names.map((_, column) => fromDuckDB(duckdb, result.columnType(column)))
  const rows: object[] = []
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) return rows
    addRows(rows, chunk, names, converters)
  }
}

function addRows(
  rows: object[],
  chunk: DuckDBDataChunk,
  names: readonly string[],
  converters: readonly ((value: DuckDBValue) => unknown)[],
): void {
  const vectors = names.map((_, column) => chunk.getColumnVector(column))
  for (let row = 0; row < chunk.rowCount; row++) {
    const record: Record<string, unknown> = {}
    for (let column = 0; column < names.length; column++)
      record[names[column]!] = converters[column]!(vectors[column]!.getItem(row))
    rows.push(record)
  }
}
