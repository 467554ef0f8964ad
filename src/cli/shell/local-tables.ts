import type { TableReader } from '../../engine/streaming/table-reader.js'

const RECORDS = 20

/** The functions of a shell that read the tables of its own streams. Values are what JSON has, as from a page. */
export function localTables(tables: TableReader) {
  void tables.keep()
  return {
    tables: () => tables.list(),
    table: async (name: string, limit = RECORDS) => parsed((await tables.read(name, limit)).records),
    sql: async (text: string) => parsed((await tables.query(text)).rows),
  }
}

function parsed(lines: readonly string[]): unknown[] {
  return lines.map((line) => JSON.parse(line) as unknown)
}
