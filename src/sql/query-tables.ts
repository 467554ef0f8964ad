import type { QueriedTable } from '../engine/streaming/table-queries.js'
import { runner } from './duckdb-process.js'
import { duckdbMustBeInstalled } from './installed.js'
import { checkText } from './query-text.js'

/** Bytes that DuckDB may use. */
const MEMORY = 128 * 1024 * 1024
/** Rows of a result. */
const MOST_ROWS = 10_000

/**
 * Runs a query over tables that are in this thread, in a process of its own. The worker threads take no part, so a slow
 * query delays no batch.
 *
 * @throws ArgumentError for a text that is no query; SourceError if the package `@duckdb/node-api` is missing; SqlError if the
 *   query fails, or its process ends; DataError for a record that fits no table.
 */
export async function queryTables(
  text: string,
  tables: readonly QueriedTable[],
  signal: AbortSignal,
): Promise<readonly object[]> {
  checkText(text)
  duckdbMustBeInstalled()
  signal.throwIfAborted()
  const query = {
    text,
    tables: tables.map(({ name }) => ({ name })),
    params: [],
    memoryLimit: MEMORY,
    maxRows: MOST_ROWS,
  }
  return await runner.run(
    query,
    tables.map(({ records }) => records),
    signal,
  )
}
