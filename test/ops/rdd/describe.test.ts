import { ArgumentError, Context, split, sum, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'

describe('what a dataset tells of itself', () => {
  const ctx = new Context({ threads: 1, spare: false, parallelism: 2 })
  afterAll(() => ctx.stop())
  const ids = (text: string) => text.replaceAll(/ \[\d+\]/g, '')

  test('the lineage, with a border at each shuffle', () => {
    const words = ctx
      .parallelize(['a'], 3)
      .setName('words')
      .map((w): [string, number] => [w, 1])
    expect(ids(words.toDebugString())).toBe('(3) map\n |  words parallelize')
    expect(
      ids(
        words
          .reduceByKey((a, b) => a + b)
          .mapValues((n) => n)
          .toDebugString(),
      ),
    ).toBe(['(2) mapValues', ' |  reduceByKey', ' +-(3) map', '    |  words parallelize'].join('\n'))
  })

  test('two shuffles into one stage, and wide numbers', () => {
    const pairs = () => ctx.range(0, 9, 1, 12).keyBy((x) => x)
    expect(ids(pairs().cogroup(pairs().cache()).toDebugString())).toBe(
      ['(2) cogroup', ' +-(12) keyBy', ' |   |  range', ' +-(12) keyBy persisted in memory', '     |  range'].join(
        '\n',
      ),
    )
    expect(ids(pairs().toDebugString())).toBe('(12) keyBy\n  |  range')
  })

  test('what was shown is not repeated', () => {
    let rdd = ctx.range(3).map((x) => x)
    for (let i = 0; i < 30; i++) rdd = rdd.zipPartitions(rdd, (xs) => xs)
    expect(rdd.toDebugString().split('\n')).toHaveLength(62)
    expect(rdd.toDebugString()).toContain(' ...')
  })

  test('which functions over lines of text kernels know', () => {
    const needle = 'x'
    const words = ctx
      .textFile('package.json', 2)
      .filter(withEnv({ needle }, (line) => line.includes(needle)))
      .flatMap((line) => line.split(' '))
      .filter((word) => word.indexOf('a') > 0)
      .map(split(' '))
    expect(ids(words.toDebugString())).toBe(
      [
        '(2) map',
        ' |  filter, a function: it calls `indexOf`',
        ' |  flatMap, known to kernels',
        ' |  filter, known to kernels',
        ' |  textFile',
      ].join('\n'),
    )
    // After a shuffle there are no lines.
    expect(
      ids(
        words
          .map((parts) => [parts.length, 1] as [number, number])
          .reduceByKey(sum)
          .mapValues((n) => n)
          .toDebugString(),
      ),
    ).toMatch(/^\(2\) mapValues\n \| {2}reduceByKey\n \+-\(2\) map, known to kernels\n/)
  })

  test('ids tell apart', () => {
    const rdd = ctx.range(3)
    expect(rdd.map((x) => x).toDebugString()).toContain(`range [${rdd.id}]`)
  })

  test('names and storage levels', () => {
    const rdd = ctx.range(3)
    expect(rdd.name).toBeUndefined()
    expect(rdd.setName('ids')).toBe(rdd)
    expect(rdd.name).toBe('ids')
    expect(() => rdd.setName('')).toThrow(ArgumentError)
    expect(rdd.getStorageLevel()).toBe('none')
    expect(rdd.persist().getStorageLevel()).toBe('memory')
    expect(rdd.unpersist().getStorageLevel()).toBe('none')
  })
})

describe('toLocalIterator', () => {
  eachThreads((ctx) => {
    test('all elements in order', async () => {
      const seen: number[] = []
      for await (const x of ctx
        .range(0, 10, 1, 4)
        .filter((x) => x > 3)
        .toLocalIterator())
        seen.push(x)
      expect(seen).toEqual([4, 5, 6, 7, 8, 9])
      for await (const x of ctx.emptyRDD().toLocalIterator()) expect(x).toBe('nothing')
    })

    test('partitions that are not reached are not computed', async () => {
      const poisoned = ctx.range(0, 3, 1, 3).map((x) => {
        if (x === 2) throw new Error('the last one')
        return x
      })
      const iterator = poisoned.toLocalIterator()
      expect([await iterator.next(), await iterator.next()]).toEqual([
        { done: false, value: 0 },
        { done: false, value: 1 },
      ])
      await expect(iterator.next()).rejects.toThrow('the last one')
      const another = poisoned.toLocalIterator()
      await another.next()
      expect(await another.return()).toEqual({ done: true, value: undefined })
    })
  })
})
