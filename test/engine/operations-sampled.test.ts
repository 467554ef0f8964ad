import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type OperationFigures, type OperationsSample } from 'millrace'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { DRIVERS, opened, stopAll } from './driver-thread-support.js'
import { manual, run } from './support.js'

afterEach(stopAll)

const counts = (operations: readonly OperationFigures[]) =>
  Object.fromEntries(operations.map(({ label, recordsIn, recordsOut }) => [label, [recordsIn, recordsOut]]))

/** A context whose jobs are sampled as often as possible, and the samples. */
function sampled(): { ctx: Context; samples: OperationsSample[] } {
  const ctx = new Context({ threads: 1, parallelism: 1, spare: false })
  onTestFinished(() => ctx.stop())
  const samples: OperationsSample[] = []
  ctx.on('operationsSampled', (sample) => samples.push(sample))
  return { ctx, samples }
}

/** Runs a job until a task of it has measured its operations. */
async function sampleOf<T>(
  samples: OperationsSample[],
  job: () => Promise<T>,
): Promise<{ value: T; of: OperationsSample }> {
  samples.length = 0
  for (;;) {
    const value = await job()
    const of = samples.at(-1)
    if (of) return { value, of }
  }
}

test('operations inside a fused step report their records, and the time of their functions', async () => {
  const { ssc, clock } = manual({ threads: 1, parallelism: 1, spare: false })
  await using _ssc = ssc
  const numbers = Array.from({ length: 2000 }, (_, i) => i)
  ssc
    .queueStream<number>([], { default: numbers })
    .map((n) => n + 1)
    .filter((n) => n % 4 === 0)
    .flatMap(function* (n) {
      const end = performance.now() + 0.05
      while (performance.now() < end);
      yield [n % 10, n] as [number, number]
      yield [n % 5, n] as [number, number]
    })
    .reduceByKey((a, b) => a + b)
    .map(([key]) => key)
    .output('keys')
  const samples: OperationsSample[] = []
  ssc.on('operationsSampled', (sample) => samples.push(sample))
  await ssc.start()
  await run(ssc, 3)
  const map = samples.find(({ operations }) => operations.some(({ label }) => label.startsWith('flatMap')))!
  expect(counts(map.operations)).toEqual({ 'map#1': [2000, 2000], 'filter#2': [2000, 500], 'flatMap#3': [500, 1000] })
  const [mapped, , slow] = map.operations.map(({ ms }) => ms)
  expect(slow, 'the time of a generator is that of its results').toBeGreaterThan(20)
  expect(mapped).toBeLessThan(slow!)
  expect(map).toMatchObject({ tasks: 1, partition: 0, label: 'flatMap#3' })
  const reduce = samples.find(({ operations }) => operations.some(({ label }) => label.startsWith('reduceByKey')))!
  expect(counts(reduce.operations)).toEqual({ 'reduceByKey#4': [7, 7], 'map#5': [7, 7] })
  expect(clock.now()).toBe(3000)
})

test.each(DRIVERS)('samples end with their last listener, with the driver in the %s', async (driver) => {
  const { ssc } = await opened(new URL('../cli/fixtures/totals.mjs', import.meta.url), driver)
  const samples: OperationsSample[] = []
  const remove = ssc.on('operationsSampled', (sample) => samples.push(sample))
  await ssc.start()
  await run(ssc as never, 4)
  expect(samples.length).toBeGreaterThan(0)
  remove()
  await run(ssc as never, 2)
  samples.length = 0
  await run(ssc as never, 4)
  expect(samples).toEqual([])
})

test('text that kernels process has the same result, and the figures of its operations', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-sample-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'lines')
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i % 3 === 0 ? 'error' : 'info'} word${i % 7} ${i} é`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  const { ctx, samples } = sampled()
  const text = ctx.textFile(file, 1)
  const words = text.flatMap((line) => line.split(' ')).map((word) => [word, 1] as [string, number])
  const perWord = new Map<string, number>()
  for (const word of lines.flatMap((line) => line.split(' '))) perWord.set(word, (perWord.get(word) ?? 0) + 1)

  samples.length = 0
  for (let i = 0; i < 3; i++) expect(new Map(await words.reduceByKey((a, b) => a + b).collect())).toEqual(perWord)
  const tally = samples.find(({ operations }) => operations.some(({ label }) => label === 'flatMap'))!
  expect(counts(tally.operations)).toMatchObject({ flatMap: [20_000, 80_000], map: [80_000, 80_000] })
  const lengths = text.map((line) => [line.length, 1] as [number, number])
  samples.length = 0
  for (let i = 0; i < 3; i++) await lengths.reduceByKey((a, b) => a + b).count()
  const byLength = samples.find(({ operations }) => operations.some(({ label }) => label === 'map'))!
  expect(counts(byLength.operations).map).toEqual([20_000, 20_000])

  const errors = await sampleOf(samples, () => text.filter((line) => line.startsWith('error')).count())
  expect(errors.value).toBe(6667)
  const [read, passed] = counts(errors.of.operations).filter!
  expect(read).toBe(20_000)
  expect(passed).toBeGreaterThan(6600)
  expect(passed).toBeLessThan(6740)

  const sum = await sampleOf(samples, () => text.map((line) => line.length).reduce((a, b) => a + b))
  expect(sum.value).toBe(lines.reduce((all, { length }) => all + length, 0))
  expect(counts(sum.of.operations).map).toEqual([20_000, 20_000])
})

test('rows of JSON that a filter refuses count as its records', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-sample-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'lines')
  const lines = Array.from({ length: 20_000 }, (_, i) => `{"a":${i % 8},"b":${i}}\n`)
  writeFileSync(file, lines.join(''))
  const { ctx, samples } = sampled()
  const rows = ctx
    .textFile(file, 1)
    .map((line) => JSON.parse(line) as { a: number; b: number })
    .filter((row) => row.a === 1)
    .map(({ b }) => Math.max(b, 0))
  const { value, of } = await sampleOf(samples, () => rows.collect())
  expect(value).toEqual(Array.from({ length: 2500 }, (_, i) => i * 8 + 1))
  // Both maps have one label.
  expect(counts(of.operations)).toEqual({ map: [22_500, 22_500], filter: [20_000, 2500] })
})

test('whole partitions, awaited steps and state are measured too', async () => {
  const { ssc } = manual({ threads: 1, parallelism: 1, spare: false })
  await using _ssc = ssc
  ssc
    .queueStream<number>([], { default: [1, 2, 3, 4] })
    .mapPartitions(function* (records) {
      for (const record of records) if (record > 1) yield record
    })
    .mapAsync(async (n) => [n, 1] as [number, number])
    .updateStateByKey<number>((values, old = 0) => old + values.length)
    .count()
    .output('n')
  const samples: OperationsSample[] = []
  ssc.on('operationsSampled', (sample) => samples.push(sample))
  await ssc.start()
  await run(ssc, 4)
  const all = Object.assign({}, ...samples.map(({ operations }) => counts(operations))) as Record<string, number[]>
  expect(all).toMatchObject({ 'mapPartitions#1': [4, 3], 'mapAsync#2': [3, 3], 'updateStateByKey#3': [3, 3] })
})

test('a sampled task fails as others do: with the operation, the record and the line', async () => {
  const failure = async ({ ctx }: { ctx: Context }) => {
    const job = (numbers: number[]) =>
      ctx
        .parallelize(numbers, 1)
        .map((n) => n * 2)
        .map((n) => {
          if (n < 0) throw new Error('negative')
          return n
        })
        .collect()
    await job([1, 2, 3])
    // The second task of a program is the first with a sample.
    return await job([1, -2, 3]).catch((error: Error) => error.message)
  }
  const ctx = new Context({ threads: 1, parallelism: 1, spare: false })
  onTestFinished(() => ctx.stop())
  const expected = await failure({ ctx })
  expect(expected).toMatch(/map.*-2/s)
  expect(await failure(sampled())).toBe(expected)
})

test('a sampled task has the results of others, for each operation and form of result', async () => {
  const { ctx, samples } = sampled()
  const numbers = ctx.parallelize(
    Array.from({ length: 1200 }, (_, i) => i),
    1,
  )
  const pairs = numbers.keyBy((n) => n % 7)
  const jobs: Record<string, () => Promise<unknown>> = {
    'flatMap of texts': () => numbers.flatMap((n) => `${n}`).collect(),
    'flatMap of sets': () => numbers.flatMap((n) => new Set([n, n, -n])).collect(),
    'flatMap of typed arrays': () => numbers.flatMap((n) => Uint8Array.of(n, 1)).collect(),
    'flatMap of generators that end early': () =>
      numbers
        .flatMap(function* (n) {
          yield n
          if (n % 2 === 0) return
          yield -n
        })
        .take(700),
    keyBy: () => pairs.collect(),
    mapValues: () => pairs.mapValues((n) => n * 2).collect(),
    flatMapValues: () => pairs.flatMapValues((n) => (n % 3 === 0 ? [] : [n, n])).collect(),
    'combined without a shuffle': () =>
      pairs
        .reduceByKey((a, b) => a + b)
        .mapValues((n) => -n)
        .collect(),
    join: () => pairs.join(pairs.mapValues((n) => n % 2)).count(),
    'dropped records': () =>
      numbers
        .map(
          (n) => {
            if (n % 5 === 0) throw new Error('five')
            return n
          },
          { onRecordError: 'skip' },
        )
        .collect(),
  }
  for (const [name, job] of Object.entries(jobs)) {
    const first = await job()
    const { value } = await sampleOf(samples, job)
    expect(value, name).toEqual(first)
    expect(await job(), name).toEqual(first)
  }
})

test.each<[string, unknown, string]>([
  ['a number', 7, 'it must return an iterable'],
  ['a promise of a list', Promise.resolve([1]), 'promise'],
])('a flatMap that returns %s fails in a sampled task as in others', async (_, __, text) => {
  const { ctx } = sampled()
  const job = (numbers: number[]) =>
    ctx
      .parallelize(numbers, 1)
      .flatMap((n) => (n === 1 ? [n] : n === 2 ? 7 : Promise.resolve([1])) as number[])
      .collect()
  await job([1])
  await expect(job([1, text === 'promise' ? 3 : 2])).rejects.toThrow(text)
})
