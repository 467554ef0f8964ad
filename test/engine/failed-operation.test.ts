import { Context, customPartitioner, type RDD, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

const ctx = new Context({ threads: 2, spare: false, maxFailures: 1 })
afterAll(() => ctx.stop())

const bad = (): never => {
  throw new RangeError('boom')
}
/** Not async to the eye: the operation finds the promise at run time. */
const later = (): never => Promise.resolve(1) as never
const sum = (a: number, b: number) => a + b
const acc = () => {
  const never = ctx.accumulator(0, bad)
  return withEnv({ never }, (n: number) => never.add(n))
}
const pairs = (of: RDD<number>) => of.map((n) => [n % 2, n] as [number, number])

type Failing = (of: RDD<number>, fn: () => never) => Promise<unknown>
const IN_TASKS: Record<string, Failing> = {
  sortBy: (of, fn) => of.sortBy(fn).collect(),
  groupBy: (of, fn) => of.groupBy(fn).collect(),
  keyBy: (of, fn) => of.keyBy(fn).collect(),
  mapValues: (of, fn) => pairs(of).mapValues(fn).collect(),
  reduceByKey: (of, fn) => pairs(of).reduceByKey(fn).collect(),
  foldByKey: (of, fn) => pairs(of).foldByKey(0, fn).collect(),
  combineByKey: (of, fn) => pairs(of).combineByKey(fn, sum, sum).collect(),
  top: (of, fn) => of.top(2, fn),
  fold: (of, fn) => of.fold(0, fn),
}
const PARTITIONERS: Record<string, Failing> = {
  partitionBy: (of, fn) => pairs(of).partitionBy(customPartitioner(2, fn)).collect(),
  groupByKey: (of, fn) => pairs(of).groupByKey(customPartitioner(2, fn)).collect(),
  join: (of, fn) => pairs(of).join(pairs(of), customPartitioner(2, fn)).collect(),
}

describe.each([1, 2])('%i partitions: the error of a task names the operation whose function failed', (partitions) => {
  const of = ctx.parallelize([3, 1, 2, 5, 4, 6], partitions)

  test.each(Object.entries({ ...IN_TASKS, ...PARTITIONERS }))('%s: it throws', async (operation, run) => {
    await expect(run(of, bad)).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: expect.stringMatching(new RegExp(`^${operation} failed in partition .*boom`)),
      details: { operation },
      cause: { name: 'RangeError' },
    })
  })

  test.each(Object.entries(IN_TASKS))('%s: it returns a promise', async (operation, run) => {
    await expect(run(of, later)).rejects.toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED', details: { operation } })
  })
})

describe('a function that the driver calls to merge what tasks returned: the error names the operation', () => {
  const ones = ctx.parallelize([3, 1, 2, 4], 4)
  const MERGES: Record<string, (fn: () => never) => Promise<unknown>> = {
    reduce: (fn) => ones.reduce(fn),
    aggregate: (fn) => ones.aggregate(0, sum, fn),
    treeAggregate: (fn) => ones.treeAggregate(0, sum, fn, 1),
    treeReduce: (fn) => ones.treeReduce(fn, 1),
    reduceByKeyLocally: (fn) => pairs(ones).reduceByKeyLocally(fn),
    takeOrdered: (fn) => ones.takeOrdered(2, fn),
    max: (fn) => ones.max(fn),
    sortBy: (fn) => ones.sortBy((n) => n, { compare: fn }).collect(),
    accumulator: () => ones.foreach(acc()),
  }

  test.each(Object.entries(MERGES))('%s', async (operation, run) => {
    await expect(run(bad)).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: `${operation} failed in the driver, which called its function: boom`,
      details: { operation },
      cause: { name: 'RangeError' },
    })
    expect(await ones.count()).toBe(4)
  })
})
