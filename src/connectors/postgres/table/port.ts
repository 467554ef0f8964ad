import { SourceError } from '../../../errors.js'
import type { TablePort } from '../../tables/driver.js'
import { serverOf } from '../client.js'
import { quoted } from '../quoted.js'
import { PostgresSession } from '../session.js'
import type { CheckedTableSource } from './options.js'

const INTEGERS = ['smallint', 'integer', 'bigint']

const COLUMN = `SELECT format_type(atttypid, NULL) AS type, attnotnull AS required FROM pg_attribute
  WHERE attrelid = $1::regclass AND attname = $2 AND NOT attisdropped`
/**
 * The transactions that write to the table or its partitions. A statement takes this lock before it evaluates a
 * default.
 */
const WRITERS = `SELECT DISTINCT virtualtransaction AS writer FROM pg_locks
  WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation IN (SELECT $1::regclass::oid UNION SELECT relid::oid FROM pg_partition_tree($1::regclass))`
/** The most keys that wait for their writers. After that, a new key replaces the newest. */
const MOST_WAITING = 100

/**
 * Queries that plan the reading of a table.
 *
 * A transaction may commit a lower key after a higher key is visible. A key counts as settled when all transactions
 * have ended that held a write lock on the table after the key was seen: each lower key is visible by then, or was
 * rolled back.
 */
export class PostgresTable implements TablePort {
  readonly #source: CheckedTableSource
  readonly #abort = new AbortController()
  readonly #session: PostgresSession
  readonly #waiting: { key: bigint; writers: ReadonlySet<string> }[] = []
  #settled: bigint | undefined

  constructor(source: CheckedTableSource) {
    this.#source = source
    this.#session = new PostgresSession(source.connection, this.#abort.signal, source.retryMs)
  }

  async open(): Promise<void> {
    const { key } = this.#source.options
    await this.#session.open()
    if (key === undefined) {
      await this.#session.query('SELECT $1::regclass', [this.#table])
      return
    }
    const [column] = await this.#session.query<{ type: string; required: boolean }>(COLUMN, [this.#table, key])
    if (column && INTEGERS.includes(column.type) && column.required) return
    const found = column ? `is ${column.type}${column.required ? '' : ' and may be NULL'}` : 'does not exist'
    throw new SourceError(
      `The key ${key} of table ${this.#table} (PostgreSQL at ${serverOf(this.#source.connection)}) ${found}; it must be a smallint, integer or bigint that is NOT NULL.`,
      { details: { key, final: true } },
    )
  }

  async limits(): Promise<{ least: bigint; greatest: bigint } | undefined> {
    const key = this.#key
    const [row] = await this.#session.query<{ least: string | null; greatest: string | null }>(
      `SELECT min(${key})::text AS least, max(${key})::text AS greatest FROM ${this.#table}`,
    )
    if (row?.least == null || row.greatest === null) return undefined
    return { least: BigInt(row.least), greatest: BigInt(row.greatest) }
  }

  async settled(): Promise<bigint | undefined> {
    const greatest = (await this.limits())?.greatest
    // The greatest key is read before the writers. A transaction that starts to write after that takes only higher
    // keys.
    const writers = new Set(
      (await this.#session.query<{ writer: string }>(WRITERS, [this.#table])).map(({ writer }) => writer),
    )
    const last = this.#waiting.at(-1)
    if (greatest !== undefined && greatest > (last?.key ?? this.#settled ?? greatest - 1n)) {
      if (this.#waiting.length === MOST_WAITING) this.#waiting.pop()
      this.#waiting.push({ key: greatest, writers })
    }
    while (this.#waiting[0] && ![...this.#waiting[0].writers].some((writer) => writers.has(writer)))
      this.#settled = this.#waiting.shift()!.key
    return this.#settled
  }

  async keyAfter(after: bigint, rows: number, upTo: bigint): Promise<bigint> {
    const [row] = await this.#session.query<{ key: string }>(
      `SELECT ${this.#key}::text AS key FROM ${this.#table} WHERE ${this.#key} > ${after} AND ${this.#key} <= ${upTo}
       ORDER BY ${this.#key} OFFSET ${rows - 1} LIMIT 1`,
    )
    return row ? BigInt(row.key) : upTo
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#session.close()
  }

  get #table(): string {
    return this.#source.table.map(quoted).join('.')
  }

  get #key(): string {
    return quoted(this.#source.options.key!)
  }
}
