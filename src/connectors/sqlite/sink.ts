import { SaveError } from '../../errors.js'
import type { DataSink, SinkWrite } from '../../ops/sink.js'
import { nextTurn } from '../../ops/wait.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { retried } from '../retry.js'
import { columnsOf, type Database, isBusy, openDatabase, quoted } from './client.js'
import { type CheckedSqliteSink, checkSqliteSink, type SqliteSinkOptions } from './options.js'
import type { SqliteRow } from './writer.js'

const CREATE_COMMITS = `CREATE TABLE IF NOT EXISTS millrace_commits (
  application TEXT, output TEXT, batch INTEGER NOT NULL, PRIMARY KEY (application, output)) WITHOUT ROWID`
/** Records a batch. Changes no row if this batch, or a later one, is recorded already. */
const NOTE_BATCH = `INSERT INTO millrace_commits (application, output, batch) VALUES (?, ?, ?)
  ON CONFLICT (application, output) DO UPDATE SET batch = excluded.batch WHERE batch < excluded.batch`
/** Rows per turn of the event loop, which take a few milliseconds. */
const AT_ONCE = 500

/**
 * Inserts each batch into a table of a SQLite database, exactly once. One transaction commits the rows together with
 * the batch time, and a batch whose time is already committed is skipped.
 */
export function sqliteSink(options: SqliteSinkOptions): DataSink<object> {
  const checked = checkSqliteSink(options)
  const driver = new SqliteDriver(checked)
  return {
    name: `sqlite ${checked.table}@${checked.path}`,
    writer: {
      module: new URL('connectors/sqlite/writer.js', PACKAGE_ROOT).href,
      export: 'sqliteWriter',
      options: checked,
    },
    open: () => driver.open(),
    commit: (write, messages) => driver.commit(write, messages as readonly SqliteRow[][]),
    close: () => driver.close(),
  }
}

/** The driver side of the sink. A connection has one transaction at a time, so commits run one after the other. */
class SqliteDriver {
  readonly #options: CheckedSqliteSink
  readonly #abort = new AbortController()
  #database: Database | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: CheckedSqliteSink) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { path, table, columns } = this.#options
    const database = await openDatabase(path, { readOnly: false })
    this.#database = database
    await this.#unlocked(() => database.exec(CREATE_COMMITS))
    const found = columnsOf(database, table).map(({ name }) => name.toLowerCase())
    if (found.length === 0) throw new SaveError(`There is no table ${table} in ${path}. Create it.`)
    const missing = columns.filter((name) => !found.includes(name.toLowerCase()))
    if (missing.length > 0) throw new SaveError(`Table ${table} in ${path} has no column ${missing.join(', ')}.`)
  }

  commit(write: SinkWrite, messages: readonly SqliteRow[][]): Promise<void> {
    const committed = this.#turn.then(() => this.#commit(write, messages))
    this.#turn = committed.catch(() => undefined)
    return committed
  }

  async close(): Promise<void> {
    await this.#turn
    this.#abort.abort()
    this.#database?.close()
    this.#database = undefined
  }

  async #commit({ time, output = '' }: SinkWrite, messages: readonly SqliteRow[][]): Promise<void> {
    const database = this.#database!
    await this.#unlocked(() => database.exec('BEGIN IMMEDIATE'))
    try {
      const isNew =
        time === undefined ||
        Number(database.prepare(NOTE_BATCH).run(this.#options.application, output, time).changes) === 1
      if (isNew) await this.#insert(database, messages)
      await this.#unlocked(() => database.exec('COMMIT'))
    } catch (error) {
      rollBack(database)
      throw error
    }
  }

  /** Inserts the rows in parts, so that the driver's event loop runs in between. */
  async #insert(database: Database, messages: readonly SqliteRow[][]): Promise<void> {
    const statement = database.prepare(insertOf(this.#options))
    for (const rows of messages) {
      for (const [i, row] of rows.entries()) {
        statement.run(...row)
        if (i % AT_ONCE === AT_ONCE - 1) await nextTurn()
      }
    }
  }

  /** Retries a statement while another connection holds a lock. SQLite's own wait would block the thread. */
  #unlocked(run: () => void): Promise<void> {
    const isFinal = (error: unknown) => !isBusy(error)
    return retried({ signal: this.#abort.signal, retryMs: this.#options.busyMs, isFinal }, async () => run())
  }
}

function insertOf({ table, columns, onConflict }: CheckedSqliteSink): string {
  const verb = { fail: 'INSERT', ignore: 'INSERT OR IGNORE', replace: 'INSERT OR REPLACE' }[onConflict]
  return `${verb} INTO ${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
}

/** Rolls back the transaction, unless the error has done that already. */
function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // The transaction has ended already.
  }
}
