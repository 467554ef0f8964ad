import { ArgumentError, Context } from 'millrace'
import { describe, expect, test } from 'vitest'
import { addValue, estimate, mergeRegisters, newRegisters } from '#build/ops/hyper-log-log.js'
import { eachThreads } from '../../support/contexts.js'

describe('HyperLogLog', () => {
  // 0.05 needs 512 registers: 4.6 % standard deviation. Four of them are never passed by these fixed values.
  test.each([0, 1, 2, 10, 100, 1000, 2000, 5000, 20_000, 200_000])('%i different values', (n) => {
    for (const value of [(i: number) => i, (i: number) => `user-${i}`, (i: number) => [i, 'x'], (i: number) => i / 7]) {
      const registers = newRegisters(9)
      for (let i = 0; i < n; i++) for (let again = 0; again < (n > 1000 ? 1 : 3); again++) addValue(registers, value(i))
      const error = n === 0 ? estimate(registers) : Math.abs(estimate(registers) - n) / n
      expect(error).toBeLessThan(4 * 0.046)
    }
  })

  test('has no bias: the mean of many estimates is right', () => {
    for (const n of [50, 500, 1500, 5000]) {
      let total = 0
      for (let trial = 0; trial < 60; trial++) {
        const registers = newRegisters(9)
        for (let i = 0; i < n; i++) addValue(registers, `${trial}/${i}`)
        total += estimate(registers)
      }
      expect(Math.abs(total / 60 - n) / n).toBeLessThan((4 * 0.046) / Math.sqrt(60))
    }
  })

  test('merging is as seeing all', () => {
    const [all, even, odd] = [newRegisters(6), newRegisters(6), newRegisters(6)]
    for (let i = 0; i < 500; i++) {
      addValue(all, i)
      addValue(i % 2 === 0 ? even : odd, i)
    }
    expect(even).not.toEqual(all)
    expect(mergeRegisters(even, odd)).toEqual(all)
  })
})

describe('approximate counts', () => {
  eachThreads((ctx) => {
    test.each([1, 2, 7])('countApproxDistinct does not depend on %i partitions', async (partitions) => {
      const numbers = ctx.range(0, 30_000, 1, partitions).map((x) => x % 10_000)
      const fine = await numbers.countApproxDistinct(0.01)
      expect(Math.abs(fine - 10_000)).toBeLessThan(400)
      expect(fine).toBe(await numbers.repartition(3).countApproxDistinct(0.01))
      expect(await ctx.emptyRDD().countApproxDistinct()).toBe(0)
    })

    test('countApproxDistinctByKey', async () => {
      const pairs = ctx
        .range(0, 9000, 1, 4)
        .map((x): [string, number] => [x % 3 === 0 ? 'few' : 'many', x % 3 === 0 ? x % 7 : x])
      const counts = await pairs.countApproxDistinctByKey(0.02, 3).collectAsMap()
      expect(counts.get('few')).toBe(7)
      expect(Math.abs(counts.get('many')! - 6000)).toBeLessThan(500)
    })

    test('countApprox that has time enough', async () => {
      expect(await ctx.range(0, 100, 1, 7).countApprox('1m')).toEqual({ estimate: 100, counted: 100, complete: true })
      expect(await ctx.emptyRDD().countApprox(1000)).toEqual({ estimate: 0, counted: 0, complete: true })
    })

    test('countApprox answers when its time is over', async () => {
      // Partition 1 ends only when the context is stopped.
      await using own = new Context({ threads: 2, spare: false })
      await own.range(4).count()
      const stuck = own.range(0, 20, 1, 2).mapPartitions((xs, p) => {
        if (p === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
        return xs
      })
      expect(await stuck.countApprox(500)).toEqual({ estimate: 20, counted: 10, complete: false })
    })

    test('what is refused', async () => {
      for (const deviation of [0, -1, 0.5, Number.NaN]) {
        await expect(ctx.range(3).countApproxDistinct(deviation)).rejects.toThrow(ArgumentError)
      }
      await expect(ctx.range(3).countApprox(0)).rejects.toThrow(ArgumentError)
      const failing = ctx.range(3).map(() => {
        throw new Error('no count')
      })
      await expect(failing.countApprox('1m')).rejects.toThrow('no count')
    })
  })
})
