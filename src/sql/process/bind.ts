import type { DuckDBPreparedStatement } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'
import type { Query } from '../query.js'
import { SeenType, type ValueType } from '../records/seen.js'
import type { DuckDB } from './duckdb.js'
import { Converter } from './to-duckdb.js'

/** Binds the parameters of a query. @throws SqlError unless there is a value for each; DataError for a value that SQL does not have. */
export function bindParams(duckdb: DuckDB, statement: DuckDBPreparedStatement, { params }: Query): void {
  const given: Readonly<Record<string, unknown>> = Array.isArray(params)
    ? Object.fromEntries(params.map((value, i) => [String(i + 1), value]))
    : { ...params }
  const names = Array.from({ length: statement.parameterCount }, (_, i) => statement.parameterName(i + 1))
  const missing = names.filter((name) => !Object.hasOwn(given, name))
  const unused = Object.keys(given).filter((name) => !names.includes(name))
  if (missing.length > 0 || unused.length > 0)
    throw new SqlError(
      `The query has ${listed('the parameters', names)}, and params has ${listed('', Object.keys(given))}. Pass one value for each.`,
      { details: { missing, unused, final: true } },
    )
  const converter = new Converter(duckdb)
  for (const [i, name] of names.entries()) {
    const value = given[name]
    const path = () => `params.${name}`
    const type = typeOf(value, path)
    if (type === 'NULL') statement.bindNull(i + 1)
    else statement.bindValue(i + 1, converter.converter(type)(value, path), converter.type(type))
  }
}

/** Whole numbers are BIGINT, as LIMIT and positions in a text need them. */
function typeOf(value: unknown, path: () => string): ValueType {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return 'BIGINT'
  const seen = new SeenType()
  seen.add(value, path)
  return seen.type
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? 'none' : `${what} ${names.map((name) => `$${name}`).join(', ')}`.trim()
}
