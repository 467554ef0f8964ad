import type { DuckDBAppender, DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { quoted } from '../quoted.js'
import type { ValueType } from '../records/seen.js'
import type { TableData } from '../records/table-data.js'
import type { DuckDB } from './duckdb.js'
import { Converter } from './to-duckdb.js'

/** The column of a table whose records have no fields: a table has at least one column. */
const NO_COLUMNS: ReadonlyMap<string, ValueType> = new Map([['no columns', 'NULL']])

/** Rows of a chunk of DuckDB. */
const CHUNK = 2048

/**
 * Creates the table of a query, for its connection only. The records are in a table of another name; the query reads a
 * view, in which a part that is null in all records has the type of NULL, which fits every function.
 */
export async function loadTable(duckdb: DuckDB, connection: DuckDBConnection, table: TableData): Promise<void> {
  const { name } = table
  const columns = table.isUnknown ? NO_COLUMNS : table.columns
  const stored = quoted(table.stored)
  const converter = new Converter(duckdb)
  const types = [...columns.values()].map((type) => converter.type(type))
  const list = [...columns.keys()].map((column, i) => `${quoted(column)} ${types[i]}`)
  await connection.run(`CREATE TEMP TABLE ${stored} (${list.join(', ')})`)
  await createView(connection, name, stored, columns)
  if (table.records.length === 0) return
  const appender = await connection.createAppender(table.stored)
  try {
    appendAll(duckdb, appender, types, { ...table, columns })
  } finally {
    appender.closeSync()
  }
}

async function createView(
  connection: DuckDBConnection,
  name: string,
  stored: string,
  columns: ReadonlyMap<string, ValueType>,
): Promise<void> {
  const shown = [...columns].map(([column, type]) =>
    hasNulls(type) ? `CAST(${quoted(column)} AS ${textOf(type)}) AS ${quoted(column)}` : quoted(column),
  )
  await connection.run(`CREATE TEMP VIEW ${quoted(name)} AS SELECT ${shown.join(', ')} FROM ${stored}`)
}

function appendAll(
  duckdb: DuckDB,
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  { name, columns, records, valuesOf }: TableData,
): void {
  const converter = new Converter(duckdb)
  const names = [...columns.keys()]
  const converters = [...columns.values()].map((type) => converter.converter(type))
  let index = 0
  const paths = names.map((column) => () => `${name}[${index}].${column}`)
  for (let from = 0; from < records.length; from += CHUNK) {
    const rows = records.slice(from, from + CHUNK)
    const values: DuckDBValue[][] = names.map(() => new Array(rows.length))
    for (let row = 0; row < rows.length; row++) {
      index = from + row
      const of = valuesOf(rows[row])
      for (let column = 0; column < names.length; column++)
        values[column]![row] = converters[column]!(of[column], paths[column]!)
    }
    const chunk = duckdb.DuckDBDataChunk.create(types)
    chunk.setColumns(values)
    appender.appendDataChunk(chunk)
  }
}

function hasNulls(type: ValueType): boolean {
  if (typeof type === 'string') return type === 'NULL'
  return 'list' in type ? hasNulls(type.list) : [...type.fields.values()].some(hasNulls)
}

/** Returns a type as SQL. */
function textOf(type: ValueType): string {
  if (type === 'NULL') return '"NULL"'
  if (typeof type === 'string') return type
  if ('list' in type) return `${textOf(type.list)}[]`
  return `STRUCT(${[...type.fields].map(([name, each]) => `${quoted(name)} ${textOf(each)}`).join(', ')})`
}
