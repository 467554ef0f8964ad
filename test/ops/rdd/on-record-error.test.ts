import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  ArgumentError,
  Context,
  type DeadLetterBatch,
  field,
  includes,
  type RDD,
  type RecordOptions,
  split,
  startsWith,
  toLowerCase,
  withEnv,
  words,
} from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

const LETTER = { onRecordError: 'dead-letter' } as const
const SKIP = { onRecordError: 'skip' } as const
type Pair = [string, number]

describe.each([
  [1, true],
  [2, true],
  [2, false],
])('%i threads, compiled: %s', (threads, codegen) => {
  const ctx = new Context({ threads, codegen, spare: false })
  afterAll(() => ctx.stop())
  const batches: DeadLetterBatch[] = []
  ctx.on('deadLetters', (batch) => batches.push(batch))
  const odd = (x: number) => {
    if (x % 2) throw new RangeError(`odd: ${x}`)
    return x
  }
  const numbers = () => ctx.range(0, 6, 1, 2)
  const pairs = () =>
    ctx.parallelize<Pair>(
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
      2,
    )

  // The result of the operation, and the dropped records.
  test.each<[string, (options: RecordOptions) => { collect(): Promise<unknown[]> }, unknown[], unknown[]]>([
    ['map', (o) => numbers().map(odd, o), [0, 2, 4], [1, 3, 5]],
    [
      'filter',
      (o) =>
        numbers().filter(
          withEnv({ odd }, (x) => odd(x) > 0),
          o,
        ),
      [2, 4],
      [1, 3, 5],
    ],
    [
      'flatMap',
      (o) =>
        numbers().flatMap(
          withEnv({ odd }, (x) => [x, odd(x)]),
          o,
        ),
      [0, 0, 2, 2, 4, 4],
      [1, 3, 5],
    ],
    [
      'flatMap',
      (o) =>
        numbers().flatMap(
          withEnv({ odd }, function* (x) {
            yield -1
            yield odd(x)
          }),
          o,
        ),
      [-1, 0, -1, 2, -1, 4],
      [1, 3, 5],
    ],
    [
      'mapValues',
      (o) => pairs().mapValues(odd, o),
      [['b', 2]],
      [
        ['a', 1],
        ['c', 3],
      ],
    ],
    [
      'flatMapValues',
      (o) =>
        pairs().flatMapValues(
          withEnv({ odd }, (v) => [v, odd(v)]),
          o,
        ),
      [
        ['b', 2],
        ['b', 2],
      ],
      [
        ['a', 1],
        ['c', 3],
      ],
    ],
    [
      'keyBy',
      (o) => numbers().keyBy(odd, o),
      [
        [0, 0],
        [2, 2],
        [4, 4],
      ],
      [1, 3, 5],
    ],
    [
      'mapAsync',
      (o) =>
        numbers().mapAsync(
          withEnv({ odd }, async (x) => odd(x)),
          o,
        ),
      [0, 2, 4],
      [1, 3, 5],
    ],
    [
      'mapAsync',
      (o) =>
        numbers().mapAsync(
          withEnv({ odd }, async (x) => odd(x)),
          { ...o, ordered: false, concurrency: 1 },
        ),
      [0, 2, 4],
      [1, 3, 5],
    ],
    [
      'mapAsync',
      (o) => numbers().mapAsync((x) => (x % 2 ? new Promise<never>(() => {}) : x), { ...o, timeout: 20 }),
      [0, 2, 4],
      [1, 3, 5],
    ],
  ])('%s', async (operation, make, passed, given) => {
    batches.length = 0
    expect(await make(LETTER).collect()).toEqual(passed)
    expect(batches).toHaveLength(1)
    const [{ time, count, counts, letters }] = batches as [DeadLetterBatch]
    expect({ time, count, counts }).toEqual({
      time: undefined,
      count: given.length,
      counts: { [operation]: given.length },
    })
    expect(letters.map(({ record }) => record)).toEqual(given)
    expect(letters[0]).toMatchObject({
      operation,
      partition: 0,
      error: { message: expect.any(String), stack: expect.any(String) },
    })
    const { length } = ctx.deadLetters.latest
    expect(await make(SKIP).collect()).toEqual(passed)
    expect(batches[1]).toMatchObject({ count: given.length, letters: [] })
    expect(ctx.deadLetters.latest).toHaveLength(length)
    await expect(make({}).collect()).rejects.toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED' })
    await expect(make({ onRecordError: 'fail' }).collect()).rejects.toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED' })
    expect(batches).toHaveLength(2)
  })

  test('several in one chain, each with its own; steps after them still fail', async () => {
    batches.length = 0
    const three = (x: number) => {
      if (x % 3 === 0) throw new Error('three')
      return [x, x]
    }
    const chain = numbers().map(odd, LETTER).flatMap(three, SKIP)
    expect(await chain.collect()).toEqual([2, 2, 4, 4])
    expect(batches[0]).toMatchObject({ count: 4, counts: { map: 3, flatMap: 1 } })
    const failing = chain.map((x) => {
      throw new Error(`mine: ${x}`)
    })
    await expect(failing.collect()).rejects.toMatchObject({ details: { operation: 'map' }, cause: { message: /mine/ } })
  })

  test('a partition of a dataset counts once, however often it is computed', async () => {
    const before = ctx.deadLetters.count
    const given = numbers().map(odd, LETTER)
    expect(await given.count()).toBe(3)
    expect(await given.count()).toBe(3)
    expect(await given.union(given).count()).toBe(6)
    expect(ctx.deadLetters.count - before).toBe(3)
    await numbers().map(odd, LETTER).take(1)
    expect(ctx.deadLetters.count - before).toBe(4)
  })

  test('an attempt that fails counts nothing', async () => {
    const before = ctx.deadLetters.count
    const once = numbers()
      .coalesce(1)
      .map(odd, LETTER)
      .map((x) => {
        const kept = globalThis as { failed?: Record<number, true> }
        kept.failed ??= {}
        if (x === 4 && !kept.failed[4]) {
          kept.failed[4] = true
          throw new Error('the first attempt')
        }
        return x
      })
    expect(await once.collect()).toEqual([0, 2, 4])
    expect(ctx.deadLetters.count - before).toBe(3)
  })

  test('records and errors of every kind reach the driver', async () => {
    batches.length = 0
    const odder = ctx
      .range(0, 4, 1, 1)
      .map((x) => [x, new Date(x), () => x][x] ?? { x })
      .map((x) => {
        if (x === 0) throw 'a text'
        if (x instanceof Date) throw Object.assign(new TypeError('own'), { code: 'E_OWN' })
        throw { odd: true }
      }, LETTER)
    expect(await odder.count()).toBe(0)
    expect(batches[0]!.letters.map(({ record, error: { stack: _, ...error } }) => ({ record, error }))).toEqual([
      { record: 0, error: { name: 'string', message: 'a text' } },
      { record: new Date(1), error: { name: 'TypeError', message: 'own', code: 'E_OWN' } },
      { record: expect.stringContaining('Function'), error: { name: 'object', message: '{ odd: true }' } },
      { record: { x: 3 }, error: { name: 'object', message: '{ odd: true }' } },
    ])
  })

  test('no more than deadLetterLimit are kept, all are counted', async () => {
    batches.length = 0
    expect(await ctx.range(0, 1000, 1, 4).map(odd, LETTER).count()).toBe(500)
    expect(batches[0]!.count).toBe(500)
    expect(batches[0]!.letters.map(({ record }) => record)).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i + 1))
    expect(ctx.deadLetters.latest).toHaveLength(100)
    expect(ctx.deadLetters.counts.get('map')).toBeGreaterThanOrEqual(500)
  })

  test('options that do not exist are refused', () => {
    expect(() => numbers().map(odd, { onRecordError: 'ignore' as never })).toThrow(/fail, skip, dead-letter/)
    expect(() => numbers().map(odd, { onError: 'skip' } as never)).toThrow(/Known: onRecordError/)
    expect(() => numbers().filter(Boolean, 3 as never)).toThrow(ArgumentError)
    expect(() => numbers().mapAsync(odd, { onRecordError: null as never })).toThrow(/onRecordError is null/)
  })
})

describe('library functions on text', () => {
  const ctx = new Context({ threads: 1, spare: false })
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'lines.txt')
  writeFileSync(
    file,
    Array.from({ length: 200 }, (_, i) => `a b${i % 3} {"n":${i % 5}}${i % 2 ? ' odd' : ''}`).join('\n'),
  )
  afterAll(async () => {
    rmSync(dirname(file), { recursive: true })
    await ctx.stop()
  })
  const counted = (of: RDD<string>) => of.countByValue().then((counts) => [...counts].map(String).sort())

  // They run on bytes where they can, each distinct value once: with the option they must give the same.
  test.each<[string, (lines: RDD<string>, options?: RecordOptions) => RDD<string>]>([
    ['split', (lines, o) => lines.flatMap(split(' '), o)],
    ['words and a map', (lines, o) => lines.flatMap(words(), o).map(toLowerCase(), o)],
    ['filters', (lines, o) => lines.filter(includes('odd'), o).filter(startsWith('a'), o)],
    ['a field', (lines, o) => lines.map(field(1, ' '), o) as RDD<string>],
  ])('%s', async (_, of) => {
    const lines = ctx.textFile(file)
    const plain = await counted(of(lines))
    expect(plain.length).toBeGreaterThan(1)
    expect(await counted(of(lines, LETTER))).toEqual(plain)
  })

  test('a record that is given up among equal ones counts as often as it is there', async () => {
    const before = ctx.deadLetters.count
    const failing = (of: RDD<string>) =>
      of.map((word) => {
        if (word === 'odd') throw new Error('odd')
        return word
      }, LETTER)
    expect(await counted(failing(ctx.textFile(file).flatMap(split(' '))))).not.toContain('odd,100')
    expect(ctx.deadLetters.count - before).toBe(100)
  })
})
