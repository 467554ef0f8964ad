import { DuckDBConnection } from '@duckdb/node-api'
import { expect, test, vi } from 'vitest'
import { runQuery } from '#build/sql/process/query.js'

const NAMES = Array.from({ length: 2000 }, (_, i) => `column_${i}`)

test.each([
  ['as they are', NAMES.join(', ')],
  ['with the name of the table', NAMES.map((name) => `batch."${name}"`).join(', ')],
  ['in expressions that have their names', NAMES.map((name) => `coalesce(${name}, 0) as ${name}`).join(', ')],
])('DuckDB prepares a query over an empty batch twice, however many columns it names: %s', async (_, list) => {
  const prepare = vi.spyOn(DuckDBConnection.prototype, 'prepare')
  try {
    const query = { text: `select ${list} from batch where column_5 > 1`, tables: [{ name: 'batch' }], params: [] }
    expect(await runQuery({ ...query, memoryLimit: 2 ** 28, maxRows: 10 }, [[]])).toEqual([])
    expect(prepare).toHaveBeenCalledTimes(2)
  } finally {
    prepare.mockRestore()
  }
})
