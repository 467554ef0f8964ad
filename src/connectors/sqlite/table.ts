import { SourceError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'
import { retried } from '../retry.js'
import type { TablePort } from '../tables/driver.js'
import { columnsOf, type Database, isBusy, openDatabase, quoted } from './client.js'
import type { CheckedSqliteTable } from './options.js'

/**
 * Queries that plan the reading of a table. SQLite has one writer at a time, so keys become visible in the order of
 * commits.
 */
export class SqliteTable implements TablePort {
  readonly #source: CheckedSqliteTable
  readonly #abort = new AbortController()
  #database: Database | undefined

  constructor(source: CheckedSqliteTable) {
    this.#source = source
  }

  async open(): Promise<void> {
    const { path, table, options } = this.#source
    this.#database = await openDatabase(path, { readOnly: true })
    const columns = await this.#run((database) => columnsOf(database, table))
    if (columns.length === 0) throw this.#fault(`There is no table ${table}`)
    const { key } = options
    if (key === undefined || key.toLowerCase() === 'rowid') return
    const column = columns.find(({ name }) => name.toLowerCase() === key.toLowerCase())
    if (!column) throw this.#fault(`Table ${table} has no column ${key}`)
    if (!column.type.includes('INT') || !column.required)
      throw this.#fault(
        `The key ${key} of table ${table} is ${column.type}${column.required ? '' : ' and may be NULL'}; it must be an INTEGER PRIMARY KEY, or an integer that is NOT NULL`,
      )
  }

  async limits(): Promise<{ least: bigint; greatest: bigint } | undefined> {
    const key = quoted(this.#source.options.key!)
    const [row] = await this.#ask(`SELECT min(${key}) AS least, max(${key}) AS greatest FROM ${this.#table}`)
    if (row?.least == null) return undefined
    return { least: BigInt(row.least as bigint), greatest: BigInt(row.greatest as bigint) }
  }

  async settled(): Promise<bigint | undefined> {
    return (await this.limits())?.greatest
  }

  async keyAfter(after: bigint, rows: number, upTo: bigint): Promise<bigint> {
    const key = quoted(this.#source.options.key!)
    const [row] = await this.#ask(
      `SELECT ${key} AS key FROM ${this.#table} WHERE ${key} > ${after} AND ${key} <= ${upTo} ORDER BY ${key} LIMIT 1 OFFSET ${rows - 1}`,
    )
    return row ? BigInt(row.key as bigint) : upTo
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#database?.close()
    this.#database = undefined
  }

  get #table(): string {
    return quoted(this.#source.table)
  }

  #ask(statement: string): Promise<Readonly<Record<string, unknown>>[]> {
    return this.#run((database) => {
      const prepared = database.prepare(statement)
      prepared.setReadBigInts(true)
      return prepared.all()
    })
  }

  async #run<R>(run: (database: Database) => R): Promise<R> {
    const { path, busyMs: retryMs } = this.#source
    const isFinal = (error: unknown) => !isBusy(error)
    try {
      return await retried({ signal: this.#abort.signal, retryMs, isFinal }, async () => run(this.#database!))
    } catch (cause) {
      throw new SourceError(`SQLite ${path}: ${messageOf(cause)}.`, { cause, details: { path } })
    }
  }

  #fault(what: string): SourceError {
    const { path } = this.#source
    return new SourceError(`${what} (SQLite ${path}).`, { details: { path, final: true } })
  }
}
