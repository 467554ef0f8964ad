import { type Accumulator, ArgumentError, Context, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { eachThreads } from '../../support/contexts.js'

// Names that only withEnv gives a meaning to.
declare const acc: Accumulator<number>
declare const tries: Int32Array

describe('accumulators', () => {
  test('exact while threads are killed', async () => {
    await using own = new Context({ threads: 2 })
    await own.start()
    const sum = own.longAccumulator()
    const job = own.range(0, 2000, 1, 200).foreach(
      withEnv({ acc: sum }, () => {
        acc.add(1)
        for (let i = 0; i < 5e4; i++) Math.sqrt(i)
      }),
    )
    let over = false
    const done = job.finally(() => {
      over = true
    })
    for (let kills = 0; kills < 4 && !over; kills++) {
      await localEngineOf(own).pool!.ready()[0]?.worker.terminate()
    }
    await done
    expect(sum.value).toBe(2000)
  })

  eachThreads((ctx, threads) => {
    test.each([1, 3, 40])('each element is added once, in %i partitions', async (partitions) => {
      const sum = ctx.longAccumulator()
      const seen = ctx.collectionAccumulator<number>()
      const most = ctx.accumulator(-1, (a: number, b: number) => Math.max(a, b))
      for (const given of [sum, seen, most]) {
        await ctx.range(0, 100, 1, partitions).foreach(
          withEnv({ acc: given }, (x: number) => {
            acc.add(x)
          }),
        )
      }
      expect(sum.value).toBe(4950)
      expect(seen.value.toSorted((a, b) => a - b)).toEqual(await ctx.range(100).collect())
      expect(most.value).toBe(99)
    })

    test('several in one task, apart from each other and from earlier tasks', async () => {
      const [even, odd] = [ctx.longAccumulator(), ctx.longAccumulator()]
      const add = withEnv({ even, odd }, (x: number) => {
        ;(x % 2 === 0 ? even : odd).add(1)
      })
      await ctx.range(0, 9, 1, 3).foreach(add)
      expect([even.value, odd.value]).toEqual([5, 4])
      await ctx.range(0, 9, 1, 3).count()
      expect([even.value, odd.value]).toEqual([5, 4])
      await ctx.range(0, 9, 1, 3).foreach(add)
      expect([even.value, odd.value]).toEqual([10, 8])
    })

    test('in a transformation, once for each time a partition is computed', async () => {
      const sum = ctx.longAccumulator()
      const passing = ctx.range(0, 10, 1, 4).map(
        withEnv({ acc: sum }, (x: number) => {
          acc.add(1)
          return x
        }),
      )
      expect(sum.value).toBe(0)
      await passing.count()
      await passing.keyBy((x) => x % 2).countByKey()
      expect(sum.value).toBe(20)
      const kept = passing.persist()
      await kept.count()
      await kept.count()
      expect(sum.value).toBe(30)
    })

    test('the driver may add too', () => {
      const sum = ctx.longAccumulator()
      sum.add(3)
      sum.add(4)
      expect(sum.value).toBe(7)
    })

    test('attempts that fail add nothing', async () => {
      const own = new Context({ threads, spare: false, maxFailures: 3 })
      const sum = own.longAccumulator()
      const shared = new Int32Array(new SharedArrayBuffer(4))
      await own.range(0, 10, 1, 1).foreach(
        withEnv({ acc: sum, tries: shared }, (x: number) => {
          acc.add(1)
          if (x === 9 && Atomics.add(tries, 0, 1) < 2) throw new Error('not yet')
        }),
      )
      expect(Atomics.load(shared, 0)).toBe(3)
      expect(sum.value).toBe(10)
      await own.stop()
    })

    test('a job that fails adds what its other tasks did, never the failed task', async () => {
      const sum = ctx.longAccumulator()
      const job = ctx.range(0, 4, 1, 1).foreach(
        withEnv({ acc: sum }, (x: number) => {
          acc.add(1)
          if (x === 3) throw new Error('always')
        }),
      )
      await expect(job).rejects.toThrow('always')
      expect(sum.value).toBe(0)
    })

    test('values are read in the driver only', async () => {
      const sum = ctx.longAccumulator()
      const reading = ctx.range(1).map(withEnv({ acc: sum }, () => acc.value))
      await expect(reading.collect()).rejects.toThrow('Read it in the driver')
    })

    test('what cannot travel fails the task', async () => {
      const seen = ctx.collectionAccumulator<unknown>()
      const job = ctx.range(1).foreach(
        withEnv({ acc: seen }, () => {
          acc.add((() => 1) as never)
        }),
      )
      await expect(job).rejects.toThrow('is a function')
      expect(seen.value).toEqual([])
    })

    test('what is no way of adding', () => {
      expect(() => ctx.accumulator(0, 5 as never)).toThrow(ArgumentError)
    })
  })
})
