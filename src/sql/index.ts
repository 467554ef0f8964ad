import './operations.js'

export type { Columns, ColumnType, ScalarType } from './columns.js'
export type { SqlOptions } from './options.js'
export type { SqlParams } from './query.js'
export type { DescribedSchema } from './schema.js'
export { sql } from './sql.js'
export type { RddTable, SqlTable, SqlTables, StreamTable } from './table.js'
