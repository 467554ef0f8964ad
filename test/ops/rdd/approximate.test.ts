import { ArgumentError, Context, withEnv } from 'millrace'
import { describe, expect, test, vi } from 'vitest'
import { addValue, estimate, mergeRegisters, newRegisters } from '#build/ops/hyper-log-log.js'
import { KeyedMap } from '#build/values/keys.js'
import { eachThreads } from '../../support/contexts.js'
import fc from '../../support/fast-check.js'

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

  test('any parts in any order: as an exact count, within the error it names', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.tuple(fc.integer({ max: 99, min: 0 }), fc.boolean()),
      fc.double(),
    )
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { maxLength: 200 }), { maxLength: 6 }),
        fc.integer({ min: 7, max: 14 }),
        (parts, bits) => {
          const exact = new KeyedMap<true>()
          for (const each of parts.flat()) exact.set(each, true)
          const sketches = parts.map((part) => part.reduce<Uint8Array>(addValue, newRegisters(bits)))
          const together = sketches.reduceRight(mergeRegisters, newRegisters(bits))
          const all = parts.flat().reduce<Uint8Array>(addValue, newRegisters(bits))
          expect(Buffer.compare(together, all)).toBe(0)
          // One in a billion is off by six deviations; two that meet in 2^32 hashes are counted as one.
          const deviation = 1.04 / Math.sqrt(1 << bits)
          expect(Math.abs(estimate(together) - exact.size)).toBeLessThanOrEqual(6 * deviation * exact.size + 1)
        },
      ),
      { numRuns: 300 },
    )
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
      const counts = await pairs.countApproxDistinctByKey({ relativeDeviation: 0.02, partitions: 3 }).collectAsMap()
      expect(counts.get('few')).toBe(7)
      expect(Math.abs(counts.get('many')! - 6000)).toBeLessThan(500)
    })

    test('with time enough all is known', async () => {
      const words = ctx.parallelize(['a', 'b', 'a', 'c'], 3)
      const count = await words.countApprox('1h')
      expect(count).toMatchObject({ value: { mean: 4, confidence: 1, low: 4, high: 4 }, complete: true })
      expect(await count.final()).toEqual(count.value)
      const values = await words.countByValueApprox('1h')
      expect(values.complete).toBe(true)
      expect([...values.value].map(([word, { mean }]) => [word, mean]).sort()).toEqual([
        ['a', 2],
        ['b', 1],
        ['c', 1],
      ])
      const keys = await words.map((word) => [[word], 1] as [string[], number]).countByKeyApprox('1h')
      expect([...keys.value].map(([[word], { mean }]) => [word, mean]).sort()).toEqual([
        ['a', 2],
        ['b', 1],
        ['c', 1],
      ])
      const numbers = ctx.range(0, 101, 1, 7)
      expect((await numbers.sumApprox('1h')).value).toEqual({ mean: 5050, confidence: 1, low: 5050, high: 5050 })
      expect((await numbers.meanApprox('1h')).value.mean).toBeCloseTo(50)
    })

    test('of nothing', async () => {
      const none = ctx.emptyRDD<number>()
      for (const { value, complete } of [
        await none.countApprox(1000),
        await none.sumApprox(1000),
        await none.meanApprox(1000),
      ]) {
        expect([value, complete]).toEqual([{ mean: 0, confidence: 1, low: 0, high: 0 }, true])
      }
      expect((await none.countByValueApprox(1000)).value.size).toBe(0)
    })

    test('what is refused', async () => {
      for (const deviation of [0, -1, 0.5, Number.NaN]) {
        await expect(ctx.range(3).countApproxDistinct(deviation)).rejects.toThrow(ArgumentError)
      }
      await expect(ctx.range(3).countApprox(0)).rejects.toThrow(ArgumentError)
      for (const confidence of [-0.1, 1.1, Number.NaN, '0.9' as never]) {
        await expect(ctx.range(3).countApprox('1s', confidence)).rejects.toThrow('from 0 to 1')
        await expect(ctx.range(3).countByValueApprox('1s', confidence)).rejects.toThrow(ArgumentError)
        await expect(ctx.range(3).sumApprox('1s', confidence)).rejects.toThrow(ArgumentError)
        await expect(ctx.range(3).meanApprox('1s', confidence)).rejects.toThrow(ArgumentError)
      }
      const failing = ctx.range(3).map(() => {
        throw new Error('no count')
      })
      await expect(failing.countApprox('1h')).rejects.toThrow('no count')
    })
  })
})

test('they answer when their time is over, and later with all', async () => {
  // Two threads for the partitions that wait.
  await using own = new Context({ threads: 3, spare: false })
  await own.range(4).count()
  let counted = 0
  const bothCounted = new Promise<void>((resolve) =>
    own.on('taskEnded', ({ partition }) => void (partition === 0 && ++counted === 2 && resolve())),
  )
  // The second partition waits until the test releases it.
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const held = own.range(0, 20, 1, 2).mapPartitions(
    withEnv({ gate }, (xs: Iterable<number>, p) => {
      if (p === 1) Atomics.wait(gate, 0, 0)
      return xs
    }),
  )
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const answers = Promise.all([held.countApprox(1500), held.sumApprox(1500)])
  try {
    await bothCounted
    // Their jobs end in this turn.
    await new Promise(setImmediate)
    vi.advanceTimersByTime(1500)
  } finally {
    vi.useRealTimers()
  }
  const [count, sum] = await answers
  expect(count.complete).toBe(false)
  expect(count.value).toMatchObject({ mean: 20, confidence: 0.95 })
  expect(count.value.low).toBeGreaterThanOrEqual(10)
  expect(count.value.high).toBeGreaterThan(20)
  expect(sum.value.mean).toBe(90)
  expect(sum.value.high).toBeGreaterThan(90)
  Atomics.store(gate, 0, 1)
  Atomics.notify(gate, 0)
  expect(await sum.final()).toEqual({ mean: 190, confidence: 1, low: 190, high: 190 })
  expect(await count.final()).toEqual({ mean: 20, confidence: 1, low: 20, high: 20 })
})
