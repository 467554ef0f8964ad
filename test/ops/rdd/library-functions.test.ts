import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  Context,
  type DStream,
  field,
  includes,
  jsonField,
  length,
  max,
  min,
  numberField,
  pairOf,
  parseNumber,
  type RDD,
  sum,
} from 'millrace'
import { runBatches } from 'millrace/testing'
import { afterAll, describe, expect, test } from 'vitest'

// What runs on bytes over a text file runs as functions over the same lines in memory.
const LINES = Array.from(
  { length: 3000 },
  (_, i) => `k${(i * 7) % 11},${i % 100 ? (i * 0.37).toFixed(2) : `${i}e-2`},{"ü":{"n":${i % 13}.5}}`,
)
const OBJECTS = LINES.map((_, i) => JSON.stringify({ of: `c${i % 5}`, ms: (i * 31) % 700, at: { ms: i / 8 } }))

describe('library functions give over a file what they give over lines', () => {
  const ctx = new Context({ threads: 2, spare: false })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const fileOf = (lines: readonly string[], name: string) => {
    writeFileSync(join(folder, name), lines.join('\n'))
    return ctx.textFile(join(folder, name), 3)
  }
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await ctx.stop()
  })
  const inOrder = async (of: RDD<[unknown, number]>) => (await of.collect()).map(String).sort()

  test.each<[string, readonly string[], (lines: RDD<string>) => Promise<unknown>]>([
    ['a field of JSON', OBJECTS, async (l) => [...(await l.map(jsonField('of')).countByValue())].map(String).sort()],
    ['max by key', LINES, (l) => inOrder(l.map(pairOf(field(0), numberField(1))).reduceByKey(max))],
    ['min by key', LINES, (l) => inOrder(l.keyBy(field(0)).mapValues(numberField(1)).reduceByKey(min))],
    ['length by key', LINES, (l) => inOrder(l.keyBy(field(0)).mapValues(length()).reduceByKey(sum))],
    ['JSON by key', OBJECTS, (l) => inOrder(l.map(pairOf(jsonField('of'), jsonField<number>('ms'))).reduceByKey(sum))],
    ['length of lines', LINES, (l) => l.map(length()).sum()],
    ['longest line', LINES, (l) => l.filter(includes('k1')).map(length()).max()],
    ['reduce', OBJECTS, (l) => l.map(jsonField<number>('ms')).reduce(sum)],
    ['min', OBJECTS, (l) => l.map(jsonField<number>('at.ms')).min()],
    ['max of what is no number', LINES, (l) => l.map(parseNumber()).max()],
    [
      'reduce of nothing',
      [],
      (l) =>
        l
          .map(length())
          .reduce(sum)
          .catch((error) => error.message),
    ],
  ])('%s', async (name, lines, of) => {
    const result = await of(fileOf(lines, name))
    expect(result).toBeDefined()
    expect(result).toEqual(await of(ctx.parallelize(lines, 3)))
  })

  test('sums of fractions, partition by partition', async () => {
    const naive = new Map<string, number>()
    for (const line of LINES) {
      const [key, value] = line.split(',') as [string, string]
      naive.set(key, (naive.get(key) ?? 0) + Number(value))
    }
    const sums = fileOf(LINES, 'sums')
      .coalesce(1)
      .map(pairOf(field(0), numberField(1)))
      .reduceByKey(sum)
    for (const [key, value] of await sums.collect()) expect(value).toBeCloseTo(naive.get(key!)!, 6)
  })
})

test('a stream reduced on bytes', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'lines.txt')
  writeFileSync(file, LINES.join('\n'))
  try {
    const results = await runBatches(
      (ssc, ticks: DStream<number>) => {
        const lines = ticks.transform(() => ssc.context.textFile(file))
        return {
          longest: lines.map(length()).reduce(max),
          closure: lines.map((line) => line.length).reduce((a, b) => Math.max(a, b)),
          byKey: lines.map(pairOf(field(0), length())).reduceByKey(max),
        }
      },
      [[[1]]],
    )
    const [longest, closure, byKey] = [results.longest, results.closure, results.byKey].map((of) => of[0]!.records)
    expect(longest).toEqual(closure)
    expect(byKey).toHaveLength(11)
  } finally {
    rmSync(dirname(file), { recursive: true })
  }
})
