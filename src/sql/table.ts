import { ArgumentError } from '../errors.js'
import { type BaseStream, isDStream } from '../ops/dstream/facade.js'
import { type BaseRdd, isRdd } from '../ops/rdd/facade.js'
import { describe } from '../values/describe.js'
import { toArrow } from './arrow/to-arrow.js'
import type { Columns } from './columns.js'
import { nameFault } from './quoted.js'

/** A dataset or stream with the types of its columns: see `toTable`. */
export class SqlTable<S extends BaseRdd<unknown> | BaseStream<unknown>> {
  readonly source: S
  readonly columns: Columns

  constructor(source: S, columns: Columns) {
    this.source = source
    this.columns = columns
    Object.freeze(this)
  }

  /**
   * Runs a job that resolves with the records as a stream of Apache Arrow (IPC), which other tools read. Needs the package
   * `@uwdata/flechette`. Narrow: each task encodes its partition, as record batches of at most 65,536 rows. The bytes count
   * towards `maxResultBytes`. A TIMESTAMP has milliseconds and the zone UTC; a HUGEINT is a decimal of 38 digits.
   *
   * ```ts
   * const counts = ctx.parallelize([{ word: 'a', n: 2 }])
   * const bytes = await counts.toTable({ word: 'VARCHAR', n: 'INTEGER' }).toArrow()
   * ```
   *
   * @throws (rejects) ArgumentError for the table of a stream; SourceError without the package; TaskFailedError for a record that
   * the columns cannot hold.
   */
  async toArrow(): Promise<Uint8Array> {
    if (isRdd(this.source)) return await toArrow(this.source, this.columns)
    throw new ArgumentError(
      'toArrow: this is the table of a stream, and each batch has its own. Call rdd.toTable(columns).toArrow() in foreachRDD.',
    )
  }
}

/** A table of a query: a dataset, whose column types come from its records, or a dataset with types. */
export type RddTable = BaseRdd<unknown> | SqlTable<BaseRdd<unknown>>
/** The same of a stream: each batch is a table. */
export type StreamTable = BaseStream<unknown> | SqlTable<BaseStream<unknown>>

/** The tables of a query by the names that it uses. */
export type SqlTables = Readonly<Record<string, RddTable | StreamTable>>

export interface NamedTable {
  readonly name: string
  readonly source: BaseRdd<unknown> | BaseStream<unknown>
  readonly columns?: Columns
}

/** @throws ArgumentError that names the table. */
export function checkTables(tables: SqlTables): readonly NamedTable[] {
  if (typeof tables !== 'object' || tables === null || Array.isArray(tables) || Object.keys(tables).length === 0)
    throw new ArgumentError(
      `sql: tables is ${describe(tables)}; it must be an object of at least one dataset or stream, by the names that the query uses.`,
    )
  const known = new Set<string>()
  return Object.entries(tables).map(([name, table]) => {
    const fault = nameFault(name)
    if (fault)
      throw new ArgumentError(`sql: the name ${describe(name)} of a table ${fault}. Rename it.`, { table: name })
    if (known.has(name.toLowerCase()))
      throw new ArgumentError(`sql: two tables are named ${name} apart from case, which SQL ignores. Rename one.`)
    known.add(name.toLowerCase())
    const source: unknown = table instanceof SqlTable ? table.source : table
    if (isRdd(source) || isDStream(source))
      return { name, source, ...(table instanceof SqlTable && { columns: table.columns }) }
    throw new ArgumentError(
      `sql: the table ${name} is ${describe(table)}; it must be a dataset, a stream, or the result of their toTable(columns).`,
      { table: name },
    )
  })
}
