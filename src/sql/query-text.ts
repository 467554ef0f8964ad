import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/** @throws ArgumentError for a text that cannot be a query. */
export function checkText(text: unknown): asserts text is string {
  if (typeof text !== 'string' || text.trim() === '')
    throw new ArgumentError(`sql: the query is ${describe(text)}; it must be the text of a SELECT.`)
  if (text.includes('\0'))
    throw new ArgumentError(
      `sql: the query has a NUL character at offset ${text.indexOf('\0')}, where DuckDB ends it. Remove it, or pass the value that has it as a parameter.`,
    )
}
