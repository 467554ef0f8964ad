import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import type { DataWriter, WriteContext, WriterFactory } from '../../ops/sink.js'
import { resourceKey } from '../resource-key.js'
import { connect } from './client.js'
import type { CheckedPostgresOptions } from './options.js'
import { toRows } from './rows.js'
import { STAGE_ROWS } from './statements.js'

/** The rows of one partition: as JSON, or in the staging table under the id of the attempt that wrote them. */
export type PartitionRows =
  | { readonly inline: readonly string[] }
  | { readonly attempt: string; readonly count: number }

/** The most bytes of JSON that are sent to the driver. */
const MOST_INLINE_BYTES = 256 * 1024
/** Rows per staged chunk. */
const CHUNK_ROWS = 1000

/** Collects the rows of a partition. Few rows go to the driver with the commit; many go to the staging table. */
export const postgresWriter: WriterFactory = {
  open: (context) => new RowWriter(context),
}

class RowWriter implements DataWriter {
  readonly #context: WriteContext
  readonly #options: CheckedPostgresOptions
  readonly #attempt = randomUUID()
  #rows: string[] = []
  #bytes = 0
  #staged = 0
  #chunks = 0

  constructor(context: WriteContext) {
    this.#context = context
    this.#options = context.options as CheckedPostgresOptions
  }

  async write(records: readonly unknown[]): Promise<void> {
    for (const row of toRows(records, this.#options.columns)) {
      this.#rows.push(row)
      this.#bytes += row.length
    }
    while (this.#isLarge && this.#rows.length >= CHUNK_ROWS) await this.#stage(this.#rows.splice(0, CHUNK_ROWS))
  }

  async commit(): Promise<PartitionRows> {
    if (this.#staged === 0 && !this.#isLarge) return { inline: this.#rows }
    if (this.#rows.length > 0) await this.#stage(this.#rows.splice(0))
    return { attempt: this.#attempt, count: this.#staged }
  }

  get #isLarge(): boolean {
    return this.#staged > 0 || this.#rows.length > this.#options.inlineRows || this.#bytes > MOST_INLINE_BYTES
  }

  /** Stages rows. The rows of a failed attempt stay in the table until the next batch is committed. */
  async #stage(rows: readonly string[]): Promise<void> {
    const { application } = this.#options
    const { output = '', time = 0 } = this.#context
    const key = resourceKey('postgres', this.#options.connection)
    const client = await this.#context.resource<Client>(
      key,
      () => connect(this.#options.connection),
      (open) => open.end(),
    )
    try {
      const json = `[${rows.join()}]`
      await client.query(STAGE_ROWS, [application, output, time, this.#attempt, this.#chunks++, json])
    } catch (error) {
      // The connection may be broken, so the next attempt opens another.
      this.#context.discard(key)
      throw error
    }
    this.#staged += rows.length
  }
}
