import type { WireError } from '../../pool/error-wire.js'
import type { Query } from '../query.js'

/** From a thread to its process of DuckDB: the records of all tables in pieces, then the query. */
export type ToProcess =
  | { readonly kind: 'records'; readonly table: number; readonly records: readonly unknown[] }
  | { readonly kind: 'run'; readonly query: Query }

/** The answer: the rows in pieces, then the end. */
export type FromProcess =
  | { readonly kind: 'rows'; readonly rows: readonly object[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: WireError }
