import { CaptureError, StreamingContext, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

const ssc = new StreamingContext({ batchInterval: 1000, threads: 1 })
const numbers = ssc.queueStream<number>([[1]])
afterAll(() => ssc.stop())

const factor = 3
const times = (x: number) => x * factor

describe('functions written inside of transform are checked when the graph is built', () => {
  test.each<[string, () => unknown]>([
    ['transform', () => numbers.transform((rdd) => rdd.map((x) => x * factor))],
    ['a later operation', () => numbers.transform((rdd) => rdd.filter((x) => x > 1).map((x) => x * factor))],
    [
      'a function body',
      () =>
        numbers.transform((rdd) => {
          const small = rdd.filter((x) => x < factor)
          return small
        }),
    ],
    ['the local variable of the function', () => numbers.transform((rdd, time) => rdd.map((x) => x + time))],
    ['transformWith', () => numbers.transformWith(numbers, (a, b) => a.union(b.filter((x) => x > factor)))],
    [
      'transform of the context',
      () => ssc.transform([numbers, numbers], ([a, b]) => a!.union(b!.map((x) => x * factor))),
    ],
  ])('%s', (_, make) => {
    expect(make).toThrow(CaptureError)
    expect(make).toThrow(/(factor|time)/)
  })

  test.each<[string, () => unknown]>([
    ['functions that take all along', () => numbers.transform((rdd) => rdd.map((x) => Math.abs(x) + 1))],
    ['withEnv', () => numbers.transform((rdd) => rdd.map(withEnv({ factor: 3 }, (x: number) => x * factor)))],
    [
      'functions of lists in the driver',
      () =>
        numbers.transform((rdd) => {
          const limit = [1, 2].map((x) => x * factor).length
          return rdd.map(withEnv({ limit }, (x: number) => x + limit))
        }),
    ],
    [
      'what follows an action',
      () =>
        numbers.transform((rdd) => {
          void rdd.count().then((n) => times(n))
          return rdd
        }),
    ],
    [
      'another thing of the same name',
      () =>
        numbers.transform((rdd) => {
          const twice = (rdd: number[]) => rdd.map((x) => x * factor)
          return twice([1]).length > 0 ? rdd : rdd.distinct()
        }),
    ],
    ['a function made elsewhere, which the batch checks', () => numbers.transform((rdd) => rdd.map(times))],
  ])('but not %s', (_, make) => {
    expect(make).not.toThrow()
  })
})
