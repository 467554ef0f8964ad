import { StateError } from '../../errors.js'

/** A table of a query: its name, and its records. */
export interface QueriedTable {
  readonly name: string
  readonly records: readonly unknown[]
}

/** A SELECT whose database has started. */
export interface OpenQuery {
  /** Runs it over tables, and resolves with its rows. It ends when `signal` aborts. */
  run(tables: readonly QueriedTable[], signal: AbortSignal): Promise<readonly object[]>
  /** Frees the database for the next query. */
  close(): void
}

/** Starts the database of one SELECT, which may take longer than the query itself. */
export type StartQuery = (text: string, signal: AbortSignal) => Promise<OpenQuery>

let loader: (() => Promise<StartQuery>) | undefined

/** Provides the queries. Called once, by the module that puts the library together. */
export function provideQueries(load: () => Promise<StartQuery>): void {
  loader = load
}

/** Loads the code of queries, which contexts without them never load. */
export async function loadQueries(): Promise<StartQuery> {
  if (!loader) throw new StateError('This program has no queries. Import StreamingContext from millrace.')
  return await loader()
}
