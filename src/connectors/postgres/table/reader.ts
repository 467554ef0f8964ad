import type { PartitionReader } from '../../../ops/source.js'
import { conditionOf, type KeyRange } from '../../tables/key-ranges.js'
import { quoted } from '../quoted.js'
import { withClient } from '../with-client.js'
import type { CheckedTableSource } from './options.js'

/** Rows per statement. */
const AT_ONCE = 5000

type Row = Readonly<Record<string, unknown>>

/** Reads a range of a table page by page, in the order of the key. One statement reads a table that has no key. */
export const tableReader: PartitionReader<KeyRange> = {
  async *read(range, context) {
    const source = context.options as CheckedTableSource
    const { key } = source.options
    const select = (page: KeyRange) =>
      withClient(context, source, `Table ${source.table.join('.')}`, async (client) => {
        const { rows } = await client.query<Row>(selectOf(source, page))
        return rows
      })
    if (key === undefined) {
      yield* piecesOf(await select(range))
      return
    }
    for (let page = range; ; ) {
      const rows = await select(page)
      if (rows.length > 0) yield shown(rows, source)
      if (rows.length < AT_ONCE) return
      page = { ...page, after: String(rows.at(-1)![key]) }
    }
  },
}

function* piecesOf(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let at = 0; at < rows.length; at += AT_ONCE) yield rows.slice(at, at + AT_ONCE)
}

/** Removes the key from rows if the user did not select it: only paging needs it. */
function shown(rows: readonly Row[], { options: { columns, key } }: CheckedTableSource): readonly Row[] {
  if (!columns || columns.includes(key!)) return rows
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))
}

function selectOf({ table, options: { columns, where, key } }: CheckedTableSource, page: KeyRange): string {
  const wanted = columns && [...new Set(key === undefined ? columns : [...columns, key])]
  const selected = wanted?.map(quoted).join(', ') ?? '*'
  const conditions = [key !== undefined && conditionOf(page, quoted(key)), where && `(${where})`].filter(Boolean)
  const filter = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  const order = key === undefined ? '' : ` ORDER BY ${quoted(key)} LIMIT ${AT_ONCE}`
  return `SELECT ${selected} FROM ${table.map(quoted).join('.')}${filter}${order}`
}
