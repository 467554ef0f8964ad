import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type RDD } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from '../support/fast-check.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-sort-'))
let ctx: Context
beforeAll(() => {
  ctx = new Context({ threads: 2 })
})
afterAll(async () => {
  await ctx.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The order of UTF-16 units, which is that of `<`. */
const naive = (texts: readonly string[], ascending: boolean) => {
  const sorted = texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return ascending ? sorted : sorted.reverse()
}

/** Says where two lists differ first: a comparison of long lists as a whole would take minutes to print. */
function same(found: readonly string[], expected: readonly string[]): void {
  expect(found.length).toBe(expected.length)
  const i = found.findIndex((text, at) => text !== expected[at])
  if (i >= 0) expect(found.slice(i, i + 3)).toEqual(expected.slice(i, i + 3))
}

/** Sorts the texts by themselves, in both orders, and by a function that no thread recognises. */
async function agrees(texts: readonly string[], rdd: RDD<string>, partitions: number): Promise<void> {
  for (const ascending of [true, false]) {
    const expected = naive(texts, ascending)
    const sorted = await rdd.sortBy((text) => text, { ascending, partitions }).collect()
    same(sorted, expected)
    same(await rdd.sortBy((text) => `${text}`, { ascending, partitions }).collect(), expected)
  }
}

let files = 0
function fileOf(text: string): string {
  const path = join(folder, `lines ${files++}`)
  writeFileSync(path, text)
  return path
}

const LINES = {
  'of ASCII': fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '~', '\0') }),
  'with letters of two bytes, and wider': fc.string({ unit: fc.constantFrom('a', 'é', 'ÿ', 'Ā', '\uffee', '😀') }),
  'with carriage returns': fc.string({ unit: fc.constantFrom('a', '\r', 'b') }),
  'that begin alike': fc.string({ unit: fc.constantFrom('0', '1') }).map((end) => `${'common-'.repeat(50)}${end}`),
  'some of which are long': fc
    .tuple(fc.constantFrom('a', 'b', ''), fc.constantFrom(0, 300, 70_000))
    .map(([c, n]) => c.repeat(n)),
}

describe.each(Object.entries(LINES))('lines %s are sorted as strings are', (_name, line) => {
  const lines = fc.array(line, { maxLength: 60 })

  test('of a file', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 4 }), async (all, partitions) => {
        const text = all.map((one) => `${one}\n`).join('')
        const expected = all.map((one) => (one.endsWith('\r') ? one.slice(0, -1) : one))
        await agrees(expected, ctx.textFile(fileOf(text), 2), partitions)
      }),
      { numRuns: 12 },
    )
  })

  test('of a dataset of strings, which may contain newlines', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 4 }), async (all, partitions) => {
        const texts = all.map((one, i) => (i % 3 === 0 ? `${one}\n${one}` : one))
        await agrees(texts, ctx.parallelize(texts, 3), partitions)
      }),
      { numRuns: 12 },
    )
  })
})

test('as many lines as several groups of a partition, of which some are larger than others', async () => {
  let seed = 1
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  const texts = Array.from({ length: 150_000 }, () =>
    next(3) === 0
      ? String(next(1e9))
      : next(2) === 0
        ? `the same ${'x'.repeat(next(3))}`
        : `key-${next(500)}-${next(1000)}`,
  )
  const rdd = ctx.textFile(fileOf(texts.join('\n')))
  await agrees(texts, rdd, 2)
  const equal = Array.from({ length: 100_000 }, () => 'all of them are equal')
  await agrees(equal, ctx.textFile(fileOf(equal.join('\n'))), 1)
})

test.each(
  Object.entries({
    'of equal length': (i: number) => String(100_000 + i),
    'of which every tenth is long': (i: number) => `${100_000 + i}${'x'.repeat(i % 10 === 0 ? 300 : 0)}`,
    'of which many are equal': (i: number) => String(i % 100),
    'with letters of two bytes and carriage returns': (i: number) => `é${100_000 + i}\r`,
  }),
)('partitions of about equal size, from the sample of a text with lines %s', async (_name, line) => {
  const texts = Array.from({ length: 40_000 }, (_, i) => line((i * 7919) % 40_000))
  const sorted = ctx.textFile(fileOf(texts.join('\n')), 3).sortBy((text) => text, { partitions: 4 })
  const sizes = await sorted.mapPartitions((records) => [[...records].length]).collect()
  expect(sizes).toHaveLength(4)
  expect(Math.min(...sizes)).toBeGreaterThan(5_000)
  expect(Math.max(...sizes)).toBeLessThan(15_000)
})

test('sorted lines that are persisted, counted, joined to others, and read by functions', async () => {
  const texts = Array.from({ length: 30_000 }, (_, i) =>
    i % 7000 === 3 ? 'z'.repeat(300) : String((i * 7919) % 30_000),
  )
  const expected = naive(texts, true)
  const sorted = ctx
    .textFile(fileOf(texts.join('\n')))
    .sortBy((text) => text)
    .persist()
  expect(await sorted.count()).toBe(30_000)
  same(await sorted.collect(), expected)
  sorted.unpersist()
  expect(await sorted.take(3)).toEqual(expected.slice(0, 3))
  same(
    await sorted.map((text) => `${text}.`).collect(),
    expected.map((text) => `${text}.`),
  )
  same(
    await sorted
      .union(ctx.parallelize(['last'], 1))
      .persist()
      .collect(),
    [...expected, 'last'],
  )
  expect(await sorted.filter((text) => text.length === 300).count()).toBe(5)
  same((await sorted.glom().collect()).flat(), expected)
})

test('lines of which each is the beginning of the next', async () => {
  const texts = Array.from({ length: 1500 }, (_, i) => 'a'.repeat((i * 7919) % 1500))
  await agrees(texts, ctx.textFile(fileOf(texts.join('\n')), 2), 1)
})

test('other records than texts that are sorted by themselves', async () => {
  const numbers = [3, 1, 2, -0, 0, Number.NaN]
  expect(
    await ctx
      .parallelize(numbers, 2)
      .sortBy((n) => n)
      .collect(),
  ).toEqual([-0, 0, 1, 2, 3, Number.NaN])
  const mixed = ['b', 2, 'a', 1, null]
  expect(
    await ctx
      .parallelize(mixed, 2)
      .sortBy((value) => value)
      .collect(),
  ).toEqual([1, 2, 'a', 'b', null])
})
