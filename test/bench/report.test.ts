import { describe, expect, it } from 'vitest'
import { figure, table, versusTable } from '../../bench/report.mjs'

describe('tables', () => {
  it('set names to the left and figures to the right', () => {
    expect(
      table(
        ['', 'MB/s'],
        [
          ['millrace', '1,234'],
          ['a loop', '5.00'],
        ],
      ),
    ).toBe(['           MB/s', '---------------', 'millrace  1,234', 'a loop     5.00'].join('\n'))
  })

  it.each([
    [0.1234, '0.12'],
    [9.999, '10.00'],
    [12.34, '12.3'],
    [123.4, '123'],
    [1_234_567, '1,234,567'],
    [Number.NaN, '-'],
  ])('show %d as %s', (value, text) => {
    expect(figure(value)).toBe(text)
  })

  it('give rates of the median time', () => {
    const of = (median: number) => ({ median, min: median / 2, max: median * 2 })
    const contender = { name: 'a', ms: of(500), cpuMs: of(1000), foreignCores: of(0) }
    const result = { contenders: [contender, { ...contender, name: 'b' }], ratio: of(1), cpuRatio: of(1) }
    const row = versusTable(result, { bytes: 50_000_000, records: 500_000 }).split('\n')[2]!
    expect(row.split(/\s{2,}/)).toEqual(['a', '1,000', '100', '500', '250-1,000', '50.0', '0.00'])
  })
})
