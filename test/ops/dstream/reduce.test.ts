import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'

describe.each([true, false])('reduce, compiled: %s', (codegen) => {
  const options = { threads: 2, parallelism: 2, codegen }
  const input = [[3, 1, 2, 0], [], [7]]

  test('merges in order; undefined and null are values like others', async () => {
    const batches = await runBatches(
      (_, numbers) => ({
        texts: numbers
          .map((n) => [undefined, null, 'two', 'three'][n as number])
          .reduce((a, b) => `${a},${b}` as never),
        single: numbers.filter((n) => n === 0).reduce((a) => a),
        mapped: numbers.map((n) => (n as number) * 2).reduce((a, b) => a - b),
      }),
      [input],
      options,
    )
    expect(batches.texts!.map(({ records }) => records)).toEqual([['three,null,two,undefined'], [], [undefined]])
    expect(batches.single!.map(({ records }) => records)).toEqual([[0], [], []])
    expect(batches.mapped!.map(({ records }) => records)).toEqual([[6 - 2 - (4 - 0)], [], [14]])
  })

  test('an error of the merge is of reduce, one before it of its own operation', async () => {
    const input = [[[1, 2, 3, 4]]]
    const failing = { ...options, maxFailures: 1 }
    const no = (): number => {
      throw new Error('no')
    }
    await expect(runBatches((_, numbers) => numbers.reduce(no), input, failing)).rejects.toThrow(/reduce/)
    await expect(runBatches((_, numbers) => numbers.map(no).reduce((a) => a), input, failing)).rejects.toThrow(
      /\bmap\b/,
    )
  })
})
