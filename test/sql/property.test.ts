import { Context } from 'millrace'
import { sql } from 'millrace/sql'
import { afterAll, expect, test } from 'vitest'
import { expectBag } from '../support/compare.js'
import fc from '../support/fast-check.js'

const ctx = new Context({ threads: 2, spare: false })
afterAll(() => ctx.stop())

const row = fc.record({
  k: fc.constantFrom('a', 'b', 'c', null),
  n: fc.option(fc.integer({ min: -5, max: 5 }), { freq: 4 }),
})
type Row = { readonly k: string | null; readonly n: number | null }
const rows = fc.array(row, { maxLength: 30 })
const partitions = fc.integer({ min: 1, max: 4 })

const typed = (records: readonly Row[], n: number) => ctx.parallelize(records, n).toTable({ k: 'VARCHAR', n: 'DOUBLE' })

function grouped(records: readonly Row[]): Map<string | null, Row[]> {
  const groups = new Map<string | null, Row[]>()
  for (const record of records) groups.set(record.k, [...(groups.get(record.k) ?? []), record])
  return groups
}

test('GROUP BY as a naive model has it', async () => {
  await fc.assert(
    fc.asyncProperty(rows, partitions, fc.boolean(), async (records, n, withTypes) => {
      const batch = withTypes ? typed(records, n) : ctx.parallelize(records, n)
      const query = 'select k, count(*) as all, count(n) as some, sum(n) as sum, min(n) as least from batch group by k'
      const expected = [...grouped(records)].map(([k, group]) => {
        const numbers = group.flatMap(({ n }) => (n === null ? [] : [n]))
        return {
          k,
          all: group.length,
          some: numbers.length,
          sum: numbers.length === 0 ? null : numbers.reduce((a, b) => a + b),
          least: numbers.length === 0 ? null : Math.min(...numbers),
        }
      })
      expectBag(await sql(query, { batch }).collect(), expected)
    }),
    { numRuns: 40 },
  )
})

test('WHERE keeps the order of the records', async () => {
  await fc.assert(
    fc.asyncProperty(rows, partitions, fc.integer({ min: -5, max: 5 }), async (records, n, least) => {
      const kept = sql('from batch where n >= $least', { batch: typed(records, n) }, { params: { least } })
      expect(await kept.collect()).toEqual(records.filter((record) => record.n !== null && record.n >= least))
    }),
    { numRuns: 40 },
  )
})

test('JOIN and LEFT JOIN as a naive model has them', async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, partitions, fc.boolean(), async (left, right, n, keepsLeft) => {
      const query = `select l.k, l.n as x, r.n as y from l ${keepsLeft ? 'left' : ''} join r on l.k = r.k`
      const expected = left.flatMap(({ k, n: x }) => {
        const partners = right.filter((record) => k !== null && record.k === k)
        if (partners.length === 0 && keepsLeft) return [{ k, x, y: null }]
        return partners.map(({ n: y }) => ({ k, x, y }))
      })
      // Without types, the columns of an empty side are those that the query names.
      const tables = { l: ctx.parallelize(left, n), r: ctx.parallelize(right, n) }
      expectBag(await sql(query, tables).collect(), expected)
    }),
    { numRuns: 40 },
  )
})
