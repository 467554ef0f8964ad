import { StateError } from '../../errors.js'

/** A table of a query: its name, and its records. */
export interface QueriedTable {
  readonly name: string
  readonly records: readonly unknown[]
}

/** Runs one SELECT over tables, and resolves with its rows. The query ends when `signal` aborts. */
export type QueryTables = (
  text: string,
  tables: readonly QueriedTable[],
  signal: AbortSignal,
) => Promise<readonly object[]>

let loader: (() => Promise<QueryTables>) | undefined

/** Provides the queries. Called once, by the module that puts the library together. */
export function provideQueries(load: () => Promise<QueryTables>): void {
  loader = load
}

/** Loads the code of queries, which contexts without them never load. */
export async function loadQueries(): Promise<QueryTables> {
  if (!loader) throw new StateError('This program has no queries. Import StreamingContext from millrace.')
  return await loader()
}
