import { type DStream, isDStream, streamNode, toDStream } from '../ops/dstream/facade.js'
import { builtin } from '../ops/functions/builtin.js'
import { noteCallSite } from '../ops/functions/call-sites.js'
import { facade, nodeOf, type RDD } from '../ops/rdd/facade.js'
import { ofContext } from '../ops/rdd/operand.js'
import { duckdbMustBeInstalled } from './installed.js'
import { checkSqlOptions, type SqlOptions } from './options.js'
import type { Query } from './query.js'
import { inOnePartition, queryRdd, queryStep } from './query-rdd.js'
import { QueryStream } from './query-stream.js'
import { checkText } from './query-text.js'
import './run-query.js'
import { checkTables, type RddTable, type SqlTables, type StreamTable } from './table.js'

/**
 * Runs a query of DuckDB over datasets, or over each batch of streams, and returns its rows as objects by column. The
 * tables have the names of the properties of `tables`. Shuffle: gathers each table in one task, which holds tables and
 * result in memory.
 *
 * ```ts
 * const users = ctx.parallelize([{ id: 1, name: 'Ada' }])
 * const visits = ctx.parallelize([{ user: 1, page: '/' }, { user: 1, page: '/docs' }])
 * const query = 'select name, count(*) as n from visits join users on id = "user" group by name'
 * await sql(query, { users, visits }).collect() // [{ name: 'Ada', n: 2 }]
 * ```
 *
 * A query is one SELECT. It cannot read files, use the network or change settings, and functions whose result differs
 * on each run, such as `random()` and `now()`, fail, because lost rows are recomputed.
 *
 * @throws ArgumentError for a table that is neither a dataset nor a stream, or an option that is out of range;
 * SourceError if the package `@duckdb/node-api` is missing. A query that fails, fails its task with SqlError.
 */
export function sql<Row extends object = Record<string, unknown>>(
  text: string,
  tables: Readonly<Record<string, RddTable>>,
  options?: SqlOptions,
): RDD<Row>
export function sql<Row extends object = Record<string, unknown>>(
  text: string,
  tables: Readonly<Record<string, RddTable | StreamTable>>,
  options?: SqlOptions,
): DStream<Row>
export function sql(text: string, tables: SqlTables, options: SqlOptions = {}): RDD<object> | DStream<object> {
  checkText(text)
  const named = checkTables(tables)
  const { timeoutMs, ...limits } = checkSqlOptions(options)
  duckdbMustBeInstalled()
  noteCallSite(text)
  const specs = named.map(({ name, columns }) => ({ name, ...(columns && { columns }) }))
  const run = builtin('runQuery', { text, tables: specs, ...limits } satisfies Query)

  const sources = named.map(({ source }) => source)
  const streams = sources.filter(isDStream).map(streamNode)
  const datasets = sources.filter((source) => !isDStream(source)).map((rdd) => nodeOf(rdd as RDD<unknown>))
  const context = streams[0]?.graph.context ?? datasets[0]!.context
  const nodes = sources.map((source) =>
    isDStream(source) ? streamNode(source) : ofContext(context, source as RDD<unknown>, 'sql'),
  )
  const step = queryStep(context.capture(run, 'sql', 'later'), 'sql', timeoutMs)
  if (streams.length > 0) return toDStream(new QueryStream<object>(nodes, step))
  return facade(queryRdd<object>((nodes as typeof datasets).map(inOnePartition), step))
}
