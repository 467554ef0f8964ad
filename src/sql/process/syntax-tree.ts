import type { DuckDBConnection } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'

/** A node of a syntax tree, as DuckDB's `json_serialize_sql` writes it. */
export type SyntaxNode = Readonly<Record<string, unknown>>

/** Returns the syntax tree of a SELECT; undefined for another statement. */
export async function syntaxTree(connection: DuckDBConnection, text: string): Promise<SyntaxNode | undefined> {
  const result = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [text])
  const tree = JSON.parse(String(result.value(0, 0))) as SyntaxNode
  return tree.error === true ? undefined : tree
}

/** Only queries that have one of these words are parsed to be checked. */
const MAY_DIFFER = /sample|query/i

/** Rejects with SqlError if the rows of a query would be others in a second run. `text` is a SELECT. */
export async function refuseDifferingRows(connection: DuckDBConnection, text: string): Promise<void> {
  if (!MAY_DIFFER.test(text)) return
  for (const node of nodesOf(await syntaxTree(connection, text))) {
    if ('sample_size' in node && Number(node.seed) < 0)
      throw refused('A sample without a seed differs on each run', 'Add REPEATABLE (42) to it')
    if (node.function_name === 'query' && node.class === 'FUNCTION')
      throw refused('query() runs a text that is not checked', 'Write the query itself')
  }
}

function refused(what: string, remedy: string): SqlError {
  return new SqlError(`${what}, and rows that are computed again must be the same. ${remedy}.`, {
    details: { final: true },
  })
}

function* nodesOf(value: unknown): Iterable<SyntaxNode> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as SyntaxNode
  for (const part of Object.values(value)) yield* nodesOf(part)
}
