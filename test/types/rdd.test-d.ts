import {
  type BaseRdd,
  type Context,
  field,
  hashPartitioner,
  length,
  type PairRdd,
  type RDD,
  split,
  sum,
  withEnv,
} from 'millrace'
import { same } from './equal.js'

declare const ctx: Context
declare const numbers: RDD<number>
declare const texts: RDD<string>
declare const pairs: RDD<[string, number]>
declare const users: RDD<[string, { name: string }]>

// Sources.
same<RDD<number>>()(ctx.parallelize([1, 2]))
same<RDD<string | number>>()(ctx.parallelize(['a', 1]))
same<RDD<string>>()(ctx.parallelize(new Set(['a'])))
same<RDD<string>>()(ctx.textFile('a'))
same<RDD<number>>()(ctx.range(3))
same<RDD<Date>>()(ctx.emptyRDD<Date>())
same<string>()(ctx.broadcast('a').value)

// Element-wise.
same<RDD<string>>()(numbers.map((x) => String(x)))
same<RDD<number>>()(texts.map(Number))
same<RDD<number>>()(numbers.filter((x) => x > 1))
same<RDD<string>>()((numbers as RDD<number | string>).filter((x): x is string => typeof x === 'string'))
same<RDD<string>>()(texts.flatMap((line) => line.split(' ')))
same<RDD<[string, number]>>()(texts.flatMap((line) => new Map([[line, 1]])))
same<RDD<number>>()(texts.mapPartitions((lines, p) => [[...lines].length + p]))
same<RDD<string>>()(texts.flatMap(split(' ')))
const limit = 3
same<RDD<number>>()(numbers.map(withEnv({ limit }, (x: number) => x + limit)))

// A dataset of pairs, however it came about.
same<RDD<[string, number]>>()(texts.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b))
const literal = texts.map((word) => [word, 1] as const)
same<RDD<readonly [string, 1]>>()(literal)
literal.reduceByKey((a) => a)
literal.groupByKey().mapValues((ones) => ones.length)
same<RDD<string>>()(literal.keys())
same<RDD<[string, number]>>()(pairs.reduceByKey((a, b) => a + b, 4))
same<RDD<[string, number]>>()(pairs.reduceByKey(sum, hashPartitioner(4)))
same<RDD<[string, number[]]>>()(pairs.groupByKey())
same<RDD<[string, { n: number }]>>()(
  pairs.combineByKey(
    (v) => ({ n: v }),
    (c, v) => ({ n: c.n + v }),
    (a, b) => ({ n: a.n + b.n }),
  ),
)
same<RDD<[string, number]>>()(pairs.partitionBy(3))
same<RDD<[string, string]>>()(pairs.mapValues((v) => `${v}`))
same<RDD<[string, boolean]>>()(pairs.flatMapValues((v) => [v > 1]))
same<RDD<string>>()(pairs.keys())
same<RDD<number>>()(pairs.values())
same<RDD<[string, number]>>()(pairs.sortByKey({ compare: (a, b) => a.localeCompare(b) }))
same<Promise<Map<string, number>>>()(pairs.collectAsMap())

// What is no pair has no operations by key.
// @ts-expect-error numbers have no keys
numbers.reduceByKey((a: number, b: number) => a + b)
// @ts-expect-error nor have texts
texts.groupByKey()
// @ts-expect-error nor have arrays of any length
numbers.map((x) => [x, x]).reduceByKey((a: number, b: number) => a + b)
// @ts-expect-error nor have triples
numbers.map((x): [number, number, number] => [x, x, x]).keys()
// @ts-expect-error nor what is a pair at times only
numbers.map((x): number | [number, number] => x).mapValues((v: number) => v)
// @ts-expect-error the values are numbers
pairs.reduceByKey((a: string, b: string) => a + b)
// @ts-expect-error the sum of two values is a value
pairs.reduceByKey((a, b) => String(a + b))

// Joins.
same<RDD<[string, [number, { name: string }]]>>()(pairs.join(users))
same<RDD<[string, [number, { name: string } | undefined]]>>()(pairs.leftOuterJoin(users))
same<RDD<[string, [number | undefined, { name: string }]]>>()(pairs.rightOuterJoin(users))
same<RDD<[string, [number | undefined, { name: string } | undefined]]>>()(pairs.fullOuterJoin(users))
same<RDD<[string, [number[], { name: string }[]]]>>()(pairs.cogroup(users))
pairs.join(literal)
declare const byNumber: RDD<[number, string]>
// @ts-expect-error keys of other types never meet
pairs.join(byNumber)
// @ts-expect-error nor in an outer join
pairs.fullOuterJoin(byNumber)
// @ts-expect-error nor in a cogroup
pairs.cogroup(byNumber)
// @ts-expect-error what is no pair has nothing to join by
pairs.join(numbers)

// Whole datasets.
same<RDD<number | string>>()(numbers.union(texts))
same<RDD<number>>()(numbers.union(numbers))
same<RDD<number>>()(numbers.distinct().repartition(3).persist().cache().unpersist())
same<RDD<string>>()(texts.sortBy(length))
same<RDD<string>>()(texts.sortBy((s) => s.length, { ascending: false, compare: (a, b) => a - b, partitions: 2 }))
// @ts-expect-error the comparison is of what the key function answers
texts.sortBy((s) => s.length, { compare: (a: string, b: string) => a.localeCompare(b) })
same<RDD<string | undefined>>()(texts.map(field(2)))

// Actions.
same<Promise<number[]>>()(numbers.collect())
same<Promise<number>>()(texts.count())
same<Promise<number>>()(numbers.reduce((a, b) => a + b))
same<Promise<string[]>>()(texts.take(3))
same<Promise<string>>()(texts.first())
same<Promise<boolean>>()(texts.isEmpty())
same<Promise<void>>()(texts.foreach((line) => line.length))
same<Promise<Map<string, number>>>()(texts.countByValue())
// @ts-expect-error two numbers make a number
numbers.reduce((a, b) => `${a}${b}`)

// A pair dataset goes where a plain one is asked for, and not the other way round.
const plain: BaseRdd<[string, number]> = pairs
const byKey: PairRdd<string, number> = pairs
// @ts-expect-error numbers have no keys
const wrong: PairRdd<string, number> = numbers

export { byKey, plain, wrong }
