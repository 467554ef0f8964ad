import { SourceError } from '../../errors.js'
import type { PartitionReader } from '../../ops/source.js'
import { messageOf } from '../../values/message-of.js'
import { retried } from '../retry.js'
import { conditionOf, type KeyRange } from '../tables/key-ranges.js'
import { type Database, isBusy, openDatabase, quoted } from './client.js'
import type { CheckedSqliteTable } from './options.js'

/** Rows per statement. */
const AT_ONCE = 5000

type Row = Readonly<Record<string, unknown>>

/** Reads a range of a table page by page, in the order of the key. One statement reads a table that has no key. */
export const sqliteReader: PartitionReader<KeyRange> = {
  async *read(range, context) {
    const source = context.options as CheckedSqliteTable
    const { path, busyMs: retryMs, options } = source
    const database = await context.resource<Database>(
      `sqlite ${path}`,
      () => openDatabase(path, { readOnly: true }),
      (open) => open.close(),
    )
    const isFinal = (error: unknown) => !isBusy(error)
    const select = (page: KeyRange) =>
      retried({ signal: context.signal, retryMs, isFinal }, async () => rowsOf(database, selectOf(source, page)))
    try {
      for (let page = range; ; ) {
        const rows = await select(page)
        if (rows.length > 0) yield rows.map((row) => shown(row, source))
        if (options.key === undefined || rows.length < AT_ONCE) return
        page = { ...page, after: String(rows.at(-1)![KEY]) }
      }
    } catch (cause) {
      if (context.signal.aborted || cause instanceof SourceError) throw cause
      throw new SourceError(`Table ${source.table} of SQLite ${path}: ${messageOf(cause)}.`, {
        cause,
        details: { path },
      })
    }
  },
}

/** Name of the column with the key of each row, for paging. */
const KEY = 'millrace_key'

function rowsOf(database: Database, statement: string): Row[] {
  const prepared = database.prepare(statement)
  // Without big integers, an integer beyond 2^53 would be an error.
  prepared.setReadBigInts(true)
  return prepared.all()
}

function shown(row: Row, { options: { key } }: CheckedSqliteTable): Row {
  const values: Record<string, unknown> = {}
  for (const [column, value] of Object.entries(row)) {
    if (key !== undefined && column === KEY) continue
    const isSafe = typeof value === 'bigint' && BigInt.asIntN(54, value) === value
    values[column] = isSafe ? Number(value) : value
  }
  return values
}

function selectOf({ table, options: { columns, where, key } }: CheckedSqliteTable, page: KeyRange): string {
  const wanted = columns?.map(quoted).join(', ') ?? '*'
  const selected = key === undefined ? wanted : `${wanted}, ${quoted(key)} AS ${KEY}`
  const conditions = [key !== undefined && conditionOf(page, quoted(key)), where && `(${where})`].filter(Boolean)
  const filter = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  const order = key === undefined ? '' : ` ORDER BY ${quoted(key)} LIMIT ${AT_ONCE}`
  return `SELECT ${selected} FROM ${quoted(table)}${filter}${order}`
}
