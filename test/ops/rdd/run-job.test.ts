import { ArgumentError, Context } from 'millrace'
import { expect, test } from 'vitest'

test('runJob computes the partitions that it is given, in their order, and no others', async () => {
  await using ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
  const range = ctx.range(0, 40, 1, 4)
  const sum = (records: Iterable<number>, partition: number) => [partition, [...records].reduce((a, b) => a + b, 0)]
  expect(await ctx.runJob(range, sum, [3, 0])).toEqual([
    [3, 345],
    [0, 45],
  ])
  expect(await ctx.runJob(range, sum)).toHaveLength(4)
  expect(await ctx.runJob(range, sum, [])).toEqual([])
  const trap = range.mapPartitions((records, partition) => {
    if (partition === 1) throw new Error('not asked for')
    return records
  })
  expect(await ctx.runJob(trap, sum, [0])).toEqual([[0, 45]])
  for (const bad of [4, -1, 0.5, '0' as never])
    await expect(ctx.runJob(range, sum, [bad])).rejects.toThrow(ArgumentError)
})
