import type { OpenQuery } from '../engine/streaming/table-queries.js'
import { releaseProcess, takeProcess, untilAborted } from './duckdb-process.js'
import { duckdbMustBeInstalled } from './installed.js'
import { checkText } from './query-text.js'

/** Bytes that DuckDB may use. */
const MEMORY = 128 * 1024 * 1024
/** Rows of a result. */
const MOST_ROWS = 10_000

/**
 * Opens a query over tables that are in this thread, in a process of its own. The worker threads take no part, so a slow
 * query delays no batch.
 *
 * @throws ArgumentError for a text that is no query; SourceError if the package `@duckdb/node-api` is missing; SqlError if it
 *   cannot be loaded. `run` rejects with SqlError if the query fails, or its process ends; DataError for a record that fits no
 *   table.
 */
export async function openQuery(text: string, signal: AbortSignal): Promise<OpenQuery> {
  checkText(text)
  duckdbMustBeInstalled()
  const process = takeProcess()
  try {
    await untilAborted(process, signal, () => process.open(MEMORY))
  } catch (error) {
    releaseProcess(process)
    throw error
  }
  return {
    run: (tables, until) => {
      const named = tables.map(({ name }) => ({ name }))
      const query = { text, tables: named, params: [], memoryLimit: MEMORY, maxRows: MOST_ROWS }
      const records = tables.map((table) => table.records)
      return untilAborted(process, until, () => process.run(query, records))
    },
    close: () => releaseProcess(process),
  }
}
