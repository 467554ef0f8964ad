/** A table of running streams. */
export interface TableInfo {
  /** Its name in queries: that of the output, or `state_<uid>` and `window_<uid>`. */
  readonly table: string
  readonly of: 'output' | 'state' | 'window'
  /** The operation, for state and windows. */
  readonly uid?: string
  /** The batch of its newest data, in ms; undefined before the first. */
  readonly time: number | undefined
}

/** The first records of a table. */
export interface TableHead extends TableInfo {
  readonly time: number
  /** Each as JSON. */
  readonly records: readonly string[]
  /** Whether the table has further records. */
  readonly more: boolean
}

/** The result of a query. */
export interface QueryResult {
  /** Each as JSON. */
  readonly rows: readonly string[]
}

/** Reads the newest data of running streams. */
export interface TableReader {
  /** Holds the newest batch of each named output from now on. */
  keep(): Promise<void>
  list(): Promise<readonly TableInfo[]>
  /**
   * Returns at most `limit` records, of at most 1,000. @throws ArgumentError (rejects) if there is no such table; StateError if it
   * has no data yet; CallTimeoutError after ten seconds.
   */
  read(table: string, limit: number): Promise<TableHead>
  /**
   * Runs one SELECT over the tables that it names. @throws DataError (rejects) for a table or result that is too large;
   * SourceError if `@duckdb/node-api` is missing; SqlError if the query fails; CallTimeoutError after ten seconds,
   * or if DuckDB does not start within a minute.
   */
  query(text: string): Promise<QueryResult>
}
