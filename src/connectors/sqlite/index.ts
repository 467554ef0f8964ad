export type { SqliteSinkOptions, SqliteTableOptions } from './options.js'
export { sqliteSink } from './sink.js'
export { sqliteTableSource } from './source.js'
