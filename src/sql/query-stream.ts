import { required, Stream } from '../ops/dstream/dstream.js'
import { checkSlides } from '../ops/dstream/transform.js'
import type { AsyncStep } from '../ops/plan.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { inOnePartition, queryRdd } from './query-rdd.js'

/** The result of a query over each batch of its streams. Datasets among its tables are the same in each batch. */
export class QueryStream<Row> extends Stream<Row> {
  readonly #tables: readonly (Stream<unknown> | Rdd<unknown>)[]
  readonly #step: AsyncStep

  constructor(tables: readonly (Stream<unknown> | Rdd<unknown>)[], step: AsyncStep) {
    const streams = tables.filter((table) => table instanceof Stream)
    checkSlides(streams, 'sql')
    super(streams[0]!.graph, 'sql', streams, streams[0]!.slideDuration)
    // One shuffle for all batches, so that later batches read the outputs of its map tasks.
    this.#tables = tables.map((table) => (table instanceof Stream ? table : inOnePartition(table)))
    this.#step = { ...step, label: `sql#${this.id}` }
  }

  protected override compute(time: number): Rdd<Row> | undefined {
    const [first] = this.parents
    if (this.parents.length === 1 && first!.getOrCompute(time) === undefined) return undefined
    const rdds = this.#tables.map((table) =>
      table instanceof Stream ? inOnePartition(required(table, time, this.label)) : table,
    )
    return queryRdd<Row>(rdds, this.#step)
  }
}
