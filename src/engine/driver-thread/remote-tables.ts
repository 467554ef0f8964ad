import type { TableReader } from '../streaming/table-reader.js'
import type { DriverLink } from './driver-link.js'

/** The tables of the streams of a driver thread, which reads them. */
export function remoteTables(link: DriverLink): TableReader {
  return {
    keep: () => link.call('keepOutputs'),
    list: () => link.call('listTables'),
    read: (table, limit) => link.call('readTable', table, limit),
    query: (text) => link.call('queryTables', text),
  }
}
