import type { WireError } from '../../pool/error-wire.js'
import type { Query } from '../query.js'

/** From a thread to its process of DuckDB: `open`, or the records of all tables in pieces and then the query. */
export type ToProcess =
  /** Loads DuckDB and opens the database of this limit, as the first query would. */
  | { readonly kind: 'open'; readonly memoryLimit: number }
  | { readonly kind: 'records'; readonly table: number; readonly records: readonly unknown[] }
  | { readonly kind: 'run'; readonly query: Query }

/** The answer: the rows in pieces, then the end. */
export type FromProcess =
  | { readonly kind: 'rows'; readonly rows: readonly object[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: WireError }
