import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { type Duration, toMillis } from '../ops/time.js'
import { describe } from '../values/describe.js'
import type { SqlParams } from './query.js'

export interface SqlOptions {
  /**
   * `params` (none): values of the query's parameters: an array for `?` and `$1`, an object for `$name`. A value is never
   * part of the query's text.
   */
  readonly params?: SqlParams
  /** `memoryLimit` (256 MiB): bytes that DuckDB may use in each thread. A query that needs more fails. */
  readonly memoryLimit?: number
  /** `maxRows` (1,000,000): rows of the result above which the query fails. */
  readonly maxRows?: number
  /** `timeout` (none): time after which the query fails with CallTimeoutError. */
  readonly timeout?: Duration
}

export interface CheckedSqlOptions {
  readonly params: SqlParams
  readonly memoryLimit: number
  readonly maxRows: number
  readonly timeoutMs: number | undefined
}

const MIB = 2 ** 20
const LEAST_MEMORY = 16 * MIB

/** @throws ArgumentError that names the option. */
export function checkSqlOptions(options: SqlOptions): CheckedSqlOptions {
  checkNames(options, ['params', 'memoryLimit', 'maxRows', 'timeout'], 'sql')
  const { params = [], memoryLimit = 256 * MIB, maxRows = 1_000_000, timeout } = options
  if (typeof params !== 'object' || params === null)
    throw new ArgumentError(`sql: params is ${describe(params)}; it must be an array, or an object of named values.`)
  if (!Number.isSafeInteger(memoryLimit) || memoryLimit < LEAST_MEMORY)
    throw new ArgumentError(
      `sql: memoryLimit is ${describe(memoryLimit)}; it must be a whole number of bytes of at least ${LEAST_MEMORY}.`,
      { memoryLimit },
    )
  if (!Number.isSafeInteger(maxRows) || maxRows < 1)
    throw new ArgumentError(`sql: maxRows is ${describe(maxRows)}; it must be a whole number of rows of at least 1.`, {
      maxRows,
    })
  return {
    params,
    memoryLimit,
    maxRows,
    timeoutMs: timeout === undefined ? undefined : toMillis(timeout, 'sql: timeout'),
  }
}
