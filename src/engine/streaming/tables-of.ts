import type { TableReader } from './table-reader.js'

const readers = new WeakMap<object, TableReader>()

/** Attaches the tables of a streaming context to it. Editors and published types do not show them. */
export function attachTables(streams: object, tables: TableReader): void {
  readers.set(streams, tables)
}

/** Returns the tables of a streaming context, for the shell and for a driver thread. */
export function tablesOf(streams: object): TableReader {
  return readers.get(streams)!
}
