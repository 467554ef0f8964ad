import type { Client } from 'pg'
import { SaveError } from '../../errors.js'
import type { DataSink, SinkWrite } from '../../ops/sink.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { connect, serverOf } from './client.js'
import { type CheckedPostgresOptions, checkPostgresOptions, type PostgresSinkOptions } from './options.js'
import { CLEAR_STAGED, COUNT_STAGED, CREATE_TABLES, insertInline, insertStaged, NOTE_BATCH } from './statements.js'
import type { PartitionRows } from './writer.js'

/**
 * Inserts each batch into a PostgreSQL table, exactly once. One transaction commits the rows together with the batch
 * time, and a batch whose time is already committed is skipped.
 */
export function postgresSink(options: PostgresSinkOptions): DataSink<object> {
  const checked = checkPostgresOptions(options)
  const driver = new PostgresDriver(checked)
  return {
    name: `postgres ${checked.table.join('.')}@${serverOf(checked.connection)}`,
    writer: {
      module: new URL('connectors/postgres/writer.js', PACKAGE_ROOT).href,
      export: 'postgresWriter',
      options: checked,
    },
    open: () => driver.open(),
    commit: (write, messages) => driver.commit(write, messages as readonly PartitionRows[]),
    close: () => driver.close(),
  }
}

/**
 * The driver side of the sink. All statements of one connection share a transaction, so commits run one after the
 * other.
 */
class PostgresDriver {
  readonly #options: CheckedPostgresOptions
  #client: Client | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: CheckedPostgresOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const client = await this.#connected()
    for (const statement of CREATE_TABLES) await client.query(statement)
  }

  commit(write: SinkWrite, messages: readonly PartitionRows[]): Promise<void> {
    const committed = this.#turn.then(() => this.#commit(write, messages))
    this.#turn = committed.catch(() => undefined)
    return committed
  }

  async close(): Promise<void> {
    await this.#turn
    await this.#client?.end()
    this.#client = undefined
  }

  async #commit({ time, output = '' }: SinkWrite, messages: readonly PartitionRows[]): Promise<void> {
    const client = await this.#connected()
    const { application } = this.#options
    try {
      await client.query('BEGIN')
      const isNew = time === undefined || (await client.query(NOTE_BATCH, [application, output, time])).rowCount === 1
      if (isNew) for (const message of messages) await this.#insert(client, message)
      await client.query(CLEAR_STAGED, [application, output, time ?? 0])
      await client.query('COMMIT')
    } catch (error) {
      // The state of the connection is unknown, so the next commit opens another. The server rolls back when this one
      // ends.
      this.#client = undefined
      await client.end().catch(() => undefined)
      throw error
    }
  }

  async #insert(client: Client, message: PartitionRows): Promise<void> {
    if ('inline' in message) {
      if (message.inline.length > 0) await client.query(insertInline(this.#options), [`[${message.inline.join()}]`])
      return
    }
    const { attempt, count } = message
    const staged = (await client.query<{ count: number }>(COUNT_STAGED, [attempt])).rows[0]!.count
    if (staged !== count) {
      throw new SaveError(
        `Of ${count} rows that a task staged, ${staged} are in millrace_staging. Let no one else delete from that table.`,
        { details: { count, staged } },
      )
    }
    await client.query(insertStaged(this.#options), [attempt])
  }

  async #connected(): Promise<Client> {
    this.#client ??= await connect(this.#options.connection)
    return this.#client
  }
}
