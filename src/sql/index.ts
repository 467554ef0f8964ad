import './operations.js'

export type { Columns, ColumnType, ScalarType } from './columns.js'
export type { SqlOptions } from './options.js'
export type { SqlParams } from './query.js'
export { sql } from './sql.js'
export type { RddTable, SqlTable, SqlTables, StreamTable } from './table.js'
