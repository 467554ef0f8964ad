import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/** Options of sources that read a table, whatever the database. */
export interface TableOptions {
  /** The columns to read; all unless set. */
  readonly columns?: readonly string[]
  /**
   * A condition in SQL that rows must satisfy, such as `amount > 10`. It is part of the statement: build it from no
   * user's text.
   */
  readonly where?: string
  /**
   * An integer column without NULLs that grows with each insertion, such as an identity. A stream needs it, and reads
   * each row once. For a dataset, it cuts the table into partitions.
   */
  readonly key?: string
  /** Partitions of a batch or dataset (1), of equal width in `key`. */
  readonly numPartitions?: number
  /** Where a stream begins: `'earliest'` (default), `'latest'`, or the key after which rows are read. */
  readonly start?: 'earliest' | 'latest' | number | bigint
  /** Rows that one batch of a stream may have (100,000). */
  readonly maxRows?: number
}

export interface CheckedTableOptions {
  readonly columns: readonly string[] | undefined
  readonly where: string | undefined
  readonly key: string | undefined
  readonly numPartitions: number
  /** A key, as text, because options are sent as plain data. */
  readonly start: string
  readonly maxRows: number
}

export const TABLE_NAMES = ['columns', 'where', 'key', 'numPartitions', 'start', 'maxRows']

/** @throws ArgumentError that names the option. */
export function checkTableOptions(
  system: string,
  options: TableOptions,
  isName: (name: unknown) => name is string,
): CheckedTableOptions {
  const { columns, where, key, numPartitions = 1, start = 'earliest', maxRows = 100_000 } = options
  const wrong = (option: string, given: unknown, allowed: string) =>
    new ArgumentError(`${system}: ${option} is ${describe(given)}; use ${allowed}.`, { option })
  if (columns !== undefined && !(Array.isArray(columns) && columns.length > 0 && columns.every(isName)))
    throw wrong('columns', columns, 'a list of one or more column names')
  if (where !== undefined && (typeof where !== 'string' || where.trim() === ''))
    throw wrong('where', where, 'a condition in SQL')
  if (key !== undefined && !isName(key)) throw wrong('key', key, 'the name of a column')
  for (const [name, value] of Object.entries({ numPartitions, maxRows }))
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(name, value, 'a whole number of at least 1')
  if (key === undefined && numPartitions > 1)
    throw new ArgumentError(`${system}: numPartitions needs key, the integer column that cuts the table.`)
  if (start !== 'earliest' && start !== 'latest' && typeof start !== 'bigint' && !Number.isSafeInteger(start))
    throw wrong('start', start, "'earliest', 'latest' or an integer")
  return { columns, where, key, numPartitions, start: String(start), maxRows }
}
