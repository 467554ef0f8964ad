import type { OptionCheck } from '../options.js'

/** Options of sources that read a table of any database. */
export interface TableOptions {
  /** Columns to read (all). */
  readonly columns?: readonly string[]
  /**
   * SQL condition that rows must satisfy (none), such as `amount > 10`. It becomes part of the statement, so never
   * build it from untrusted text.
   */
  readonly where?: string
  /**
   * Integer column without NULLs that grows with each insertion, such as an identity. A stream requires it, and reads
   * each row once. A dataset uses it to split the table into partitions.
   */
  readonly key?: string
  /** Partitions of a batch or dataset (1). Their ranges of `key` have equal widths. */
  readonly numPartitions?: number
  /** Where a stream begins: `'earliest'` (default), `'latest'`, or the key after which rows are read. */
  readonly start?: 'earliest' | 'latest' | number | bigint
  /** Limit of rows per batch of a stream (100,000). */
  readonly maxRows?: number
}

export interface CheckedTableOptions {
  readonly columns: readonly string[] | undefined
  readonly where: string | undefined
  readonly key: string | undefined
  readonly numPartitions: number
  /** A key is a text, because options are sent as plain data. */
  readonly start: string
  readonly maxRows: number
}

export const TABLE_NAMES = ['columns', 'where', 'key', 'numPartitions', 'start', 'maxRows']

/** Returns whether a value can be a name in the database. */
export type IsName = (name: unknown) => name is string

/** Checks a list of one or more different column names. @throws ArgumentError that names the option. */
export function checkColumns(check: OptionCheck, option: string, columns: unknown, isName: IsName): readonly string[] {
  if (areNames(columns, isName)) return columns
  throw check.wrong(option, columns, 'a list of one or more different column names')
}

export function areNames(names: unknown, isName: IsName): names is readonly string[] {
  return Array.isArray(names) && names.length > 0 && names.every(isName) && new Set(names).size === names.length
}

/** Checks the options. @throws ArgumentError that names the option. */
export function checkTableOptions(check: OptionCheck, options: TableOptions, isName: IsName): CheckedTableOptions {
  const { columns, where, key, numPartitions = 1, start = 'earliest', maxRows = 100_000 } = options
  if (columns !== undefined) checkColumns(check, 'columns', columns, isName)
  if (where !== undefined && (typeof where !== 'string' || where.trim() === ''))
    throw check.wrong('where', where, 'a condition in SQL')
  if (key !== undefined && !isName(key)) throw check.wrong('key', key, 'the name of a column')
  check.integer('numPartitions', numPartitions, 1)
  check.integer('maxRows', maxRows, 1)
  if (key === undefined && numPartitions > 1)
    throw check.wrong('numPartitions', numPartitions, '1 without key, the integer column that cuts the table')
  if (start !== 'earliest' && start !== 'latest' && typeof start !== 'bigint' && !Number.isSafeInteger(start))
    throw check.wrong('start', start, "'earliest', 'latest' or an integer")
  return { columns, where, key, numPartitions, start: String(start), maxRows }
}
