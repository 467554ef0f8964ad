import { Context, type DeadLetterBatch, MemoryLimitError, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

const MIB = 1024 * 1024
const OPTIONS = { threads: 2, spare: false, maxResultBytes: MIB } as const

test.each([
  [
    'texts',
    (ctx: Context) =>
      ctx
        .range(0, 64, 1, 4)
        .map((i) => String(i).repeat(64 * 1024))
        .collect(),
  ],
  [
    'values of no bytes',
    (ctx: Context) =>
      ctx
        .range(0, 400_000, 1, 4)
        .map(() => null)
        .collect(),
  ],
  [
    'a few large partitions',
    (ctx: Context) =>
      ctx
        .range(0, 4, 1, 4)
        .map((i) => String(i).repeat(2_097_152))
        .take(4),
  ],
  [
    'results of an aggregate',
    (ctx: Context) =>
      ctx
        .range(0, 4, 1, 4)
        .map((i) => 'x'.repeat(i * 1_048_576))
        .reduce((a, b) => a + b),
  ],
])('a job whose results exceed maxResultBytes fails at once, and says what to do: %s', async (_, action) => {
  await using ctx = new Context(OPTIONS)
  let retried = 0
  ctx.on('taskRetried', () => void retried++)
  const error = await action(ctx).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(MemoryLimitError)
  expect(error).toMatchObject({ code: 'ERR_MILLRACE_MEMORY', details: { maxResultBytes: MIB } })
  expect(String(error)).toMatch(/more than 1048576 bytes.*toLocalIterator.*raise maxResultBytes/)
  expect(retried).toBe(0)
  expect(await ctx.range(10).collect()).toHaveLength(10)
  expect(localEngineOf(ctx).blocks.size).toBe(0)
})

test('what accumulators bring to the driver counts too', async () => {
  await using ctx = new Context(OPTIONS)
  const seen = ctx.collectionAccumulator<string>()
  const many = ctx.range(0, 64, 1, 4).foreach(withEnv({ seen }, (i) => seen.add(String(i).repeat(64 * 1024))))
  await expect(many).rejects.toThrow(MemoryLimitError)
})

test('toLocalIterator reads one partition at a time, so only partitions are limited', async () => {
  await using ctx = new Context(OPTIONS)
  const texts = ctx.range(0, 8, 1, 8).map((i) => String(i).repeat(524_288))
  let length = 0
  for await (const text of texts.toLocalIterator()) length += text.length
  expect(length).toBe(4 * MIB)
})

test('a batch whose output exceeds the limit fails, and a skipped one harms no other', async () => {
  const { ssc } = manual({ ...OPTIONS, onBatchError: 'skip' })
  await using _ = ssc
  ssc
    .queueStream([[1], [4], [2]])
    .map((n) => 'x'.repeat(n * 400_000))
    .output('texts')
  const skipped: unknown[] = []
  ssc.on('batchSkipped', ({ error }) => skipped.push(error))
  await ssc.start()
  const output = gather<string>(ssc, 'texts')
  await run(ssc, 3)
  await ssc.stop()
  expect((await output).map(({ records }) => records.length)).toEqual([1, 1])
  expect(skipped).toHaveLength(1)
  expect(skipped[0]).toBeInstanceOf(MemoryLimitError)
})

test('dead letters are bounded in bytes, and counted', async () => {
  await using ctx = new Context({ threads: 1, spare: false })
  const told: DeadLetterBatch[] = []
  ctx.on('deadLetters', (batch) => told.push(batch))
  const bad = () =>
    ctx
      .range(0, 40, 1, 1)
      .map((i) => String(i % 10).repeat(1_048_576))
      .map(
        (text) => {
          throw new RangeError(`not a number: ${text}`)
        },
        { onRecordError: 'dead-letter' },
      )
      .count()
  for (let i = 0; i < 6; i++) await bad()
  expect(told.map(({ count }) => count)).toEqual([40, 40, 40, 40, 40, 40])
  for (const { letters } of told) {
    expect(letters.map(({ record }) => String(record)[0])).toEqual([...'012345678901234'])
    for (const { error } of letters) expect(error.message.length).toBeLessThan(20_000)
  }
  expect(ctx.deadLetters.count).toBe(240)
  // 64 MiB with the messages.
  expect(ctx.deadLetters.latest.length).toBeGreaterThan(55)
  expect(ctx.deadLetters.latest.length).toBeLessThan(64)
})

test('the first dead letter is kept, whatever its bytes', async () => {
  await using ctx = new Context({ threads: 1, spare: false })
  const told: DeadLetterBatch[] = []
  ctx.on('deadLetters', (batch) => told.push(batch))
  await ctx
    .range(0, 2, 1, 1)
    .map((i) => 'x'.repeat((20 - i) * 1_048_576))
    .filter(
      () => {
        throw new RangeError('bad')
      },
      { onRecordError: 'dead-letter' },
    )
    .count()
  expect(told.map(({ count, letters }) => [count, letters.map(({ record }) => (record as string).length)])).toEqual([
    [2, [20 * MIB]],
  ])
})

test('broadcast variables count towards memoryLimit, and too many are an error that says so', async () => {
  await using ctx = new Context({ threads: 1, spare: false, memoryLimit: 4 * MIB })
  const each = async () => {
    for (let i = 0; i < 20; i++) {
      const text = ctx.broadcast('x'.repeat(MIB))
      await ctx.range(2).foreach(withEnv({ text }, () => text.value.length))
    }
  }
  await expect(each()).rejects.toThrow(/memoryLimit is 4 MiB.*fewer broadcast variables/)
})

test('a comparator that is no function is refused by the action that got it', async () => {
  await using ctx = new Context({ threads: 1, spare: false })
  const options = { compare: () => 0 } as never
  await expect(ctx.range(3).top(1, options)).rejects.toThrow('top needs a function, got an object.')
  await expect(ctx.range(3).min(options)).rejects.toThrow('min needs a function, got an object.')
})
