import { type BaseStream, type DStream, dstreams } from '../ops/dstream/facade.js'
import { type BaseRdd, type RDD, rdds } from '../ops/rdd/facade.js'
import type { Columns } from './columns.js'
import type { SqlOptions } from './options.js'
import type { DescribedSchema } from './schema.js'
import { sql } from './sql.js'
import { type RddTable, SqlTable, type StreamTable } from './table.js'
import { tableColumns } from './table-columns.js'

declare module '../ops/rdd/facade.js' {
  interface BaseRdd<T> {
    /**
     * Runs a query over the dataset, which is its table `batch`, and returns the rows. Needs `import 'millrace/sql'`.
     * Shuffle: see `sql`, which also takes several datasets.
     *
     * ```ts
     * const words = ctx.parallelize(['a', 'b', 'a'])
     * await words.sql('select value, count(*) as n from batch group by 1 order by 1').collect() // [{ value: 'a', n: 2 }, { value: 'b', n: 1 }]
     * ```
     *
     * @throws ArgumentError or SourceError as `sql`.
     */
    sql<Row extends object = Record<string, unknown>>(text: string, options?: SqlOptions): RDD<Row>
    /**
     * Sets the types of the columns that the dataset has as a table of `sql`. Needs `import 'millrace/sql'`. Runs no
     * job.
     *
     * ```ts
     * const visits = ctx.emptyRDD<object>().toTable({ id: 'BIGINT', seen: 'TIMESTAMP' })
     * await sql('select count(id) as n from visits', { visits }).collect() // [{ n: 0 }]
     * ```
     *
     * A schema of zod, arktype or valibot that describes itself (`DescribedSchema`) has types too. `types` adds those that
     * it does not say: dates, bigints and bytes.
     *
     * @throws ArgumentError for a type that is not allowed, or a field of a schema without one type.
     */
    toTable(columns: Columns): SqlTable<RDD<T>>
    toTable(schema: DescribedSchema, types?: Columns): SqlTable<RDD<T>>
  }
}

declare module '../ops/dstream/facade.js' {
  interface BaseStream<T> {
    /**
     * Runs a query over each batch, which is its table `batch`, and returns the rows. Needs `import 'millrace/sql'`.
     * Shuffle: see `sql`, which also takes several streams and datasets.
     *
     * ```ts
     * const words = ssc.queueStream([['a', 'b', 'a']]).map((word) => ({ word }))
     * words.sql('select word, count(*) as n from batch group by 1 order by 1').output('counts') // [{ word: 'a', n: 2 }, { word: 'b', n: 1 }]
     * ```
     *
     * @throws ArgumentError or SourceError as `sql`; StateError after start().
     */
    sql<Row extends object = Record<string, unknown>>(text: string, options?: SqlOptions): DStream<Row>
    /**
     * Sets the types of the columns that each batch has as a table of `sql`. Needs `import 'millrace/sql'`. Runs no job.
     *
     * ```ts
     * const clicks = ssc.queueStream([[{ page: '/' }], []]).toTable({ page: 'VARCHAR' })
     * sql('select count(page) as n from clicks', { clicks }).output('clicks') // [{ n: 1 }]; [{ n: 0 }]
     * ```
     *
     * A schema of zod, arktype or valibot that describes itself (`DescribedSchema`) has types too. `types` adds those that
     * it does not say: dates, bigints and bytes.
     *
     * @throws ArgumentError for a type that is not allowed, or a field of a schema without one type.
     */
    toTable(columns: Columns): SqlTable<DStream<T>>
    toTable(schema: DescribedSchema, types?: Columns): SqlTable<DStream<T>>
  }
}

rdds.sql = function (text, options) {
  return sql(text, { batch: this as RddTable }, options) as never
}
rdds.toTable = function <T>(this: BaseRdd<T>, given: Columns | DescribedSchema, types?: Columns) {
  return new SqlTable(this as RDD<T>, tableColumns(given, types))
}
dstreams.sql = function (text, options) {
  return sql(text, { batch: this as StreamTable }, options) as never
}
dstreams.toTable = function <T>(this: BaseStream<T>, given: Columns | DescribedSchema, types?: Columns) {
  return new SqlTable(this as DStream<T>, tableColumns(given, types))
}
