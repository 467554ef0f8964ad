import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'
import { quoted } from '../quoted.js'
import type { DuckDB } from './duckdb.js'
import { reported } from './sql-error.js'
import { refuseDifferingRows } from './syntax-tree.js'
import type { UnknownColumns } from './unknown-columns.js'

/** Returns the text before a query that stores its rows in a table. */
export function into(table: string): string {
  return `CREATE TEMP TABLE ${quoted(table)} AS `
}

/**
 * Prepares a query that is one SELECT, to run with `prefix` before its text, and checks the names of its columns. Rejects
 * with SqlError, or DuckDB's error.
 */
export async function prepare(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  prefix: string,
  text: string,
  unknown: UnknownColumns,
): Promise<DuckDBPreparedStatement> {
  const select = await prepared(connection, text, unknown)
  if (select.statementType !== duckdb.StatementType.SELECT)
    throw notSelect(`is a statement of type ${duckdb.StatementType[select.statementType]}`)
  await refuseDifferingRows(connection, text)
  checkColumns(Array.from({ length: select.columnCount }, (_, i) => select.columnName(i)))
  const statements = await connection.extractStatements(prefix + text).catch((cause: unknown) => {
    // DESCRIBE, SHOW and SUMMARIZE pass for a SELECT.
    throw notSelect('describes tables', cause)
  })
  return await statements.prepare(0)
}

async function prepared(
  connection: DuckDBConnection,
  text: string,
  unknown: UnknownColumns,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(text).catch((error: unknown) => {
    throw reported(error) ? error : notSelect('is empty', error)
  })
  if (statements.count !== 1) throw notSelect(`has ${statements.count} statements`)
  for (;;) {
    try {
      return await connection.prepare(text)
    } catch (error) {
      if (!(await unknown.add(reported(error), text))) throw error
    }
  }
}

function notSelect(what: string, cause?: unknown): SqlError {
  return new SqlError(`The query ${what}; it must be one SELECT, which may begin with WITH, FROM or VALUES.`, {
    cause,
    details: { final: true },
  })
}

function checkColumns(names: readonly string[]): void {
  const twice = names.find((name, i) => names.findIndex((each) => each.toLowerCase() === name.toLowerCase()) !== i)
  if (twice !== undefined)
    throw new SqlError(
      `The result has two columns named '${twice}', and a record has one field of a name. Rename one with AS.`,
      { details: { column: twice, final: true } },
    )
  if (names.includes('__proto__'))
    throw new SqlError("The result has a column named '__proto__', which records cannot have. Rename it with AS.", {
      details: { column: '__proto__', final: true },
    })
}
