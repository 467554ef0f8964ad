import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Context,
  type DeadLetterBatch,
  type DirectSource,
  type DStream,
  ManualClock,
  type OnRecordError,
  StreamingContext,
  type TaskFailedError,
  type WithDeadLetters,
} from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'
import { range } from '../support/streams.js'

const module = new URL('../fixtures/numbers-reader.mjs', import.meta.url).href
const directories: string[] = []
const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

interface Range {
  readonly from: number
  readonly to: number
  readonly text?: boolean
  readonly fail?: boolean
}

/** Two partitions of 25 numbers per batch; records its position and the committed batches. */
function numbers(
  exported: string,
  extra: Partial<Range> = {},
  committed: number[] = [],
  onRecordError?: OnRecordError,
): DirectSource<Range> {
  return {
    kind: 'direct',
    name: 'numbers',
    reader: { module, export: exported, onRecordError },
    create: () => {
      let at = 0
      return {
        open: async (_zero, _interval, position) => {
          at = (position as number | undefined) ?? 0
        },
        next: async () => {
          const partitions = [at, at + 25].map((from) => ({ from, to: from + 25, ...extra }))
          at += 50
          return { partitions, description: `up to ${at}` }
        },
        replay: (_time, { partitions }) => {
          at = partitions.at(-1)!.to
        },
        position: () => at,
        committed: async (time) => void committed.push(time),
        close: async () => {},
      }
    },
  }
}

function context(options: { clock: ManualClock; checkpointDir?: string; threads?: number; onBatchError?: 'skip' }) {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, ...options })
  open.push(ssc)
  return ssc
}

test.each([
  ['records', {}],
  ['lines', { text: true }],
])('workers read the partitions of a direct source as %s', async (_, extra) => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  const batches: number[][] = []
  const counts: number[] = []
  ssc.on('batchCompleted', ({ records }) => counts.push(records))
  ssc
    .input<number | string>(numbers('numbers', extra))
    .map((n) => Number(n))
    .foreachRDD(async (rdd) => void batches.push(await rdd.collect()))
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  expect(batches).toEqual([range(0, 50), range(50, 100)])
  expect(counts).toEqual([50, 50])
})

test('text kernels read lines that a reader yields', async () => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  const counted: [string, number][] = []
  ssc
    .input<string>(numbers('numbers', { text: true }))
    .flatMap((line) => line.split(' '))
    .map((word): [string, number] => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => void counted.push(...(await rdd.collect())))
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(counted.map(([word]) => Number(word)).sort((a, b) => a - b)).toEqual(range(0, 50))
})

test('offsets are committed after the outputs of their batch, in order, and not for a batch that failed', async () => {
  const clock = new ManualClock()
  const ssc = context({ clock, onBatchError: 'skip' })
  const committed: number[] = []
  const seen: string[] = []
  const stream = ssc.input<number>(numbers('numbers', {}, committed))
  stream.foreachRDD(async (rdd, time) => {
    seen.push(`output ${time}, committed ${committed.join()}`)
    await rdd.count()
  })
  await ssc.start()
  await clock.advance(3000)
  await ssc.stop({ graceful: true })
  expect(committed.slice(0, 3)).toEqual([1000, 2000, 3000])
  expect(seen[0]).toBe('output 1000, committed ')
})

test('a batch whose output failed is not committed', async () => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  const committed: number[] = []
  ssc.input<number>(numbers('numbers', { fail: true }, committed)).foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await clock.advance(1000)
  const error = await ssc.awaitTermination().then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(String((error as Error).message)).toContain('no numbers from')
  await ssc.stop()
  expect(committed).toEqual([])
})

test('a restarted process goes on where the checkpoint ends, and replays recorded partitions', async () => {
  const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-readers-'))
  directories.push(checkpointDir)
  const build = (clock: ManualClock, into: number[]) => {
    const ssc = context({ clock, checkpointDir })
    ssc
      .input<number>(numbers('numbers'))
      .map((n): [string, number] => ['sum', n])
      .updateStateByKey<number>((values, sum) => values.reduce((a, b) => a + b, sum ?? 0))
      .foreachRDD(async (rdd) => void into.push(...(await rdd.values().collect())))
    return ssc
  }
  const sums: number[] = []
  const clock = new ManualClock()
  const first = build(clock, sums)
  await first.start()
  await clock.advance(2000)
  await first.awaitIdle()
  await first.stop()
  const later = new ManualClock(4000)
  const second = build(later, sums)
  await second.start()
  await later.advance(1000)
  await second.awaitIdle()
  await second.stop()
  const sum = (to: number) => range(0, to).reduce((a, b) => a + b, 0)
  expect(sums.at(-1)).toBe(sum(sums.length * 50))
})

test.each([
  ['notAReader', 'export an object with read(partition, context)'],
  ['missing', 'export an object with read(partition, context)'],
  ['yieldsText', 'it must yield a Uint8Array'],
])('a reader that is none is an error that names it: %s', async (name, text) => {
  const clock = new ManualClock()
  const ssc = context({ clock, threads: 1 })
  ssc.input<number>(numbers(name)).foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await clock.advance(1000)
  const error = (await ssc.awaitTermination().catch((cause: unknown) => cause)) as TaskFailedError
  expect(`${error.message} ${String((error.cause as Error)?.message)}`).toContain(text)
})

test('a killed thread reads its partition again elsewhere', async () => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  const batches: number[][] = []
  ssc
    .input<number>(numbers('numbers'))
    .map((n) => n * 2)
    .foreachRDD(async (rdd) => void batches.push(await rdd.collect()))
  await ssc.start()
  for (let i = 0; i < 5; i++) {
    const advancing = clock.advance(1000)
    await killThread(ssc, i % 2)
    await advancing
    await ssc.awaitIdle()
  }
  expect(batches.flat()).toEqual(range(0, 250).map((n) => n * 2))
})

test('a reader that needs no waiting is read piece by piece while the task computes', async () => {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock })
  open.push(ssc)
  const seen: unknown[] = []
  ssc
    .input<number>(numbers('countsPieces'))
    .map((n) => [n, (globalThis as unknown as { piecesRead: number }).piecesRead])
    .foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())))
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => [n, (n % 25) + 1]))
})

const lucky = (from: number, to: number) => range(from, to).filter((n) => n % 7 !== 0)
const unlucky = (from: number, to: number) => range(from, to).filter((n) => n % 7 === 0)

test.each([
  ['skip', []],
  ['dead-letter', unlucky(0, 50)],
] as const)(
  "onRecordError '%s' of a reader drops records that it rejects, and counts them once",
  async (policy, kept) => {
    const clock = new ManualClock()
    const ssc = context({ clock })
    const letters: DeadLetterBatch[] = []
    const dropped: (number | undefined)[] = []
    ssc.on('deadLetters', (batch) => letters.push(batch))
    ssc.on('batchCompleted', ({ deadLetters }) => dropped.push(deadLetters))
    const batches: number[][] = []
    const stream = ssc.input<number>(numbers('unlucky', {}, [], policy))
    stream.foreachRDD(async (rdd) => {
      batches.push(await rdd.collect())
      for (const slot of [0, 1]) await killThread(ssc, slot)
      await rdd.count()
    })
    await ssc.start()
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(batches).toEqual([lucky(0, 50)])
    expect(dropped).toEqual([8])
    expect(letters.map(({ time, count, counts }) => ({ time, count, counts }))).toEqual([
      { time: 1000, count: 8, counts: { numbers: 8 } },
    ])
    expect(letters[0]!.letters.map(({ record }) => (record as { n: number }).n)).toEqual(kept)
    for (const { error, time, operation } of letters[0]!.letters)
      expect({ error, time, operation }).toMatchObject({
        error: { name: 'RangeError', message: expect.stringMatching(/^unlucky: \d+$/) },
        time: 1000,
        operation: 'numbers',
      })
  },
)

test.each([
  ['read at once', 'unlucky'],
  ['read piece by piece', 'unluckyPieces'],
])('rejected records of a source, %s, are a stream, each once, also if threads die', async (_, exported) => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  const stream = ssc.input<number>(numbers(exported, {}, [], 'dead-letter'))
  const rejected = (stream as DStream<number> & WithDeadLetters<{ n: number }>).deadLetters()
  const [good, bad, counts] = [[] as number[], [] as [number, string, string][], [] as (number | undefined)[]]
  ssc.on('batchCompleted', ({ deadLetters }) => counts.push(deadLetters))
  stream.foreachRDD(async (rdd) => {
    good.push(...(await rdd.collect()))
    for (const slot of [0, 1]) await killThread(ssc, slot)
  })
  rejected.foreachRDD(async (rdd) => {
    for (const { record, error, operation } of await rdd.collect()) bad.push([record.n, error.name, operation])
  })
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  expect(good).toEqual(lucky(0, 100))
  expect(bad).toEqual(unlucky(0, 100).map((n) => [n, 'RangeError', 'numbers']))
  expect(counts).toEqual([8, 7])
})

test('a record that a reader rejects fails its task by default', async () => {
  const clock = new ManualClock()
  const ssc = context({ clock })
  ssc.input<number>(numbers('unlucky')).foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  const failed = expect(ssc.awaitTermination()).rejects.toThrow(/unlucky: (0|28)/)
  await clock.advance(1000)
  await failed
})

test('a dataset of a direct source drops records too', async () => {
  await using ctx = new Context({ threads: 2 })
  const rdd = await ctx.input<number>(numbers('unlucky', {}, [], 'dead-letter'))
  expect(await rdd.collect()).toEqual(lucky(0, 50))
  expect(ctx.deadLetters.latest.map(({ record }) => (record as { n: number }).n)).toEqual(unlucky(0, 50))
})

test('a wrong onRecordError of a reader is refused when the source is given', () => {
  const ssc = context({ clock: new ManualClock() })
  expect(() => ssc.input(numbers('unlucky', {}, [], 'ignore' as never))).toThrow(
    'numbers: onRecordError is "ignore"; it must be one of fail, skip, dead-letter.',
  )
})
