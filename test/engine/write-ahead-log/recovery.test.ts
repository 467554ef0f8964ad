import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { DStream, RDD, StreamingOptions } from 'millrace'
import { describe, expect, test } from 'vitest'
import { asAfterKill, type Manual, scratch } from '../checkpoint/support.js'
import { write } from '../replay/support.js'
import { inLog, logNames } from './support.js'

const { directory, manual } = scratch()

const logged = (at: string, from: number, options?: Partial<StreamingOptions>) => inLog(manual, at, from, options)

/** Nothing can be written into the directory until the function that it returns is called. */
function broken(at: string): () => void {
  renameSync(at, `${at}-moved`)
  writeFileSync(at, '')
  return () => {
    rmSync(at)
    renameSync(`${at}-moved`, at)
  }
}

async function ticks({ ssc, clock }: Pick<Manual, 'ssc' | 'clock'>, n = 1): Promise<void> {
  for (let i = 0; i < n; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
}

test.each([true, false])(
  'K1: a batch has what arrived before it, once, and an empty one is there (log: %s)',
  async (log) => {
    const { ssc, clock, words, batches } = logged(directory(), 0, log ? {} : { writeAheadLog: false })
    await ssc.start()
    await words.pushAll(['1', '2', '3', '4', '5'])
    await ticks({ ssc, clock }, 2)
    await words.pushAll(['6', '7', '8', '9', '10'])
    expect(batches).toEqual([
      [1000, ['1', '2', '3', '4', '5']],
      [2000, []],
    ])
    await ticks({ ssc, clock })
    expect(batches.at(-1)).toEqual([3000, ['6', '7', '8', '9', '10']])
  },
)

test('batches that run again have the data that they had, and the first new one what no batch had', async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await first.words.pushAll(['a', 'b'])
  await ticks(first)
  await ticks(first)
  await first.words.pushAll(['c'])
  await ticks(first)
  expect(first.batches).toEqual([
    [1000, ['a', 'b']],
    [2000, []],
    [3000, ['c']],
  ])
  const second = logged(asAfterKill(at, directory()), 4500)
  await second.ssc.start()
  // New data does not become part of a batch of the past, nor overtake.
  await second.words.pushAll(['d'])
  await ticks(second)
  expect(second.batches.slice(0, 3)).toEqual(first.batches)
  expect(second.batches.flatMap(([, words]) => words)).toEqual(['a', 'b', 'c', 'd'])
  expect(second.recovered).toMatchObject([{ lost: [] }])
})

test('two restarts in a row double nothing', async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await first.words.pushAll(['a'])
  await ticks(first)
  const second = logged(asAfterKill(at, directory()), 1500)
  await second.ssc.start()
  await second.words.pushAll(['b'])
  await ticks(second)
  const third = logged(asAfterKill(second.at, directory()), 3000)
  await third.ssc.start()
  await ticks(third)
  expect(third.batches).toEqual([
    [1000, ['a']],
    [2000, ['b']],
    [3000, []],
    [4000, []],
  ])
})

test('K4: a batch that cannot be recorded fails, and the next one has its data', async () => {
  const at = directory()
  const writeAheadLog = { closeAfterWrite: true }
  const first = logged(at, 0, { writeAheadLog, onBatchError: 'skip' })
  await first.ssc.start()
  await first.words.pushAll(['a', 'b'])
  const repair = broken(at)
  await ticks(first)
  repair()
  expect(first.ssc.skippedBatches).toEqual([1000])
  await first.words.pushAll(['c'])
  await ticks(first)
  expect(first.batches).toEqual([[2000, ['a', 'b', 'c']]])
  const second = logged(asAfterKill(at, directory()), 2500)
  await second.ssc.start()
  await ticks(second)
  expect(second.batches).toEqual([
    [1000, []],
    [2000, ['a', 'b', 'c']],
    [3000, []],
  ])
})

describe('a batch that cannot be recorded is skipped: the next one has', () => {
  const options = (at: string): Partial<StreamingOptions> => {
    const writeAheadLog = { closeAfterWrite: true }
    return { checkpointDir: at, checkpointInterval: '1h', writeAheadLog, onBatchError: 'skip', batchInterval: 1000 }
  }
  /** Lists what the batches of a source had. */
  const listing = (of: Manual, source: DStream<string>) => {
    const batches: [number, string[]][] = []
    const collect = async (rdd: RDD<string>, time: number) => void batches.push([time, (await rdd.collect()).sort()])
    source.foreachRDD(collect, { inMemory: true })
    return { ...of, batches }
  }

  test('the partitions of a direct source, also in a process that follows', async () => {
    const [at, files] = [directory(), directory()]
    const put = (time: number) => write(files, `${time}`, `at ${time}\n`, time)
    const open = (dir: string, from: number) => {
      const of = manual(from, options(dir))
      return listing(of, of.ssc.textFileStream(files, { newFilesOnly: false }))
    }
    const first = open(at, 0)
    await first.ssc.start()
    put(1000)
    await ticks(first)
    const repair = broken(at)
    for (const time of [2000, 3000]) {
      put(time)
      await ticks(first)
    }
    repair()
    put(4000)
    await ticks(first)
    expect(first.ssc.skippedBatches).toEqual([2000, 3000])
    const expected = [
      [1000, ['at 1000']],
      [4000, ['at 2000', 'at 3000', 'at 4000']],
    ]
    expect(first.batches).toEqual(expected)
    const second = open(asAfterKill(at, directory()), 4500)
    await second.ssc.start()
    put(5000)
    await ticks(second)
    expect(second.batches.filter(([, records]) => records.length > 0)).toEqual([...expected, [5000, ['at 5000']]])
  })

  test("the partitions of a direct source, with until: 'caught-up' too", async () => {
    const [at, files] = [directory(), directory()]
    write(files, 'only', 'line\n', 1000)
    const of = manual(0, options(at))
    const { ssc, batches } = listing(of, of.ssc.textFileStream(files, { newFilesOnly: false }))
    let repair: (() => void) | undefined
    ssc.on('batchSkipped', () => repair?.())
    ssc.on('streamingStarted', () => {
      repair = broken(at)
    })
    await ssc.start({ until: 'caught-up' })
    await ssc.awaitTermination()
    expect(ssc.skippedBatches).toEqual([1000])
    expect(batches).toEqual([[2000, ['line']]])
  })

  test('the data of a receiver that acknowledges what is processed, before it does', async () => {
    const at = directory()
    const settled: string[] = []
    let send!: (text: string) => void
    const source = {
      kind: 'receiver',
      name: 'reliable',
      codec: 'records',
      ackAfter: 'processed',
      create: () => ({
        start: async (sink: { records(values: unknown[], receipt: object): void }) => {
          send = (text) => sink.records([text], { ack: () => settled.push(text) })
        },
        stop: async () => {},
      }),
    } as const
    const of = manual(0, { ...options(at), checkpointInterval: '1s' })
    const { ssc, clock, batches } = listing(of, of.ssc.input(source as never))
    await ssc.start()
    const repair = broken(at)
    send('a')
    await ticks({ ssc, clock })
    expect([ssc.skippedBatches, settled]).toEqual([[1000], []])
    repair()
    send('b')
    await ticks({ ssc, clock })
    expect(batches).toEqual([[2000, ['a', 'b']]])
    await ssc.stop({ graceful: true })
    expect(settled).toEqual(['a', 'b'])
  })
})

test('without skipping, the streams stop with an error that names the directory, and the data is still there', async () => {
  const at = directory()
  const first = logged(at, 0, { writeAheadLog: { closeAfterWrite: true } })
  await first.ssc.start()
  await first.words.pushAll(['a'])
  await ticks(first)
  const repair = broken(at)
  await expect(ticks(first)).rejects.toThrow(/write-ahead log in .* cannot be written: EEXIST/)
  repair()
  await first.ssc.stop()
  const second = logged(at, 2500)
  await second.ssc.start()
  await ticks(second)
  expect(second.batches.slice(0, 2)).toEqual([
    [1000, ['a']],
    [2000, []],
  ])
})

test('a stop that is not graceful leaves what was received to the next process', async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await ticks(first)
  await first.words.pushAll(['a', 'b'])
  await first.ssc.stop()
  const second = logged(at, 1500)
  await second.ssc.start()
  await ticks(second)
  expect(second.batches).toEqual([[2000, ['a', 'b']]])
})

test('a graceful stop leaves nothing', async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await first.words.pushAll(['a', 'b'])
  await first.ssc.stop({ graceful: true })
  expect(first.batches).toEqual([[1000, ['a', 'b']]])
  const second = logged(at, 1500)
  await second.ssc.start()
  await ticks(second)
  expect(second.batches).toEqual([[2000, []]])
})

test('A11: files are removed when checkpoints do not need them', async () => {
  const at = directory()
  const { ssc, clock, words } = logged(at, 0, { checkpointInterval: '1s', writeAheadLog: { rollingInterval: '1s' } })
  await ssc.start()
  for (let i = 0; i < 16; i++) {
    await words.push(`${i}`)
    await ticks({ ssc, clock })
  }
  const starts = logNames(at).map((name) => Number(name.split('-')[1]))
  // Ten checkpoints are kept, and what comes after the oldest of them.
  expect(Math.min(...starts)).toBeGreaterThan(3000)
  expect(starts.length).toBeGreaterThan(3)
  expect(starts.length).toBeLessThan(9)
})

test('writeAheadLog without a directory of checkpoints is refused, and so are values that it cannot have', async () => {
  const { ssc } = manual(0, { writeAheadLog: true })
  ssc.pushStream('words').print()
  await expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_ARGUMENT', message: /Set checkpointDir/ })
  for (const writeAheadLog of [
    1,
    'yes',
    { maxBytes: 10 },
    { rolling: 1 },
    { closeAfterWrite: 1 },
    { rollingInterval: 'x' },
  ])
    expect(() => manual(0, { writeAheadLog: writeAheadLog as never })).toThrow(/writeAheadLog|rollingInterval/)
})

test('a context without the log, or without the input, does not lose what waits in it', async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await ticks(first)
  await first.words.push('a')
  await ticks(first)
  const left = asAfterKill(at, directory())
  await expect(logged(left, 2500, { writeAheadLog: false }).ssc.start()).rejects.toThrow(
    /writeAheadLog: true once more/,
  )
  const again = logged(left, 2500)
  await again.ssc.start()
  await again.ssc.stop({ graceful: true })
  await logged(left, 4500, { writeAheadLog: false }).ssc.start()
})

test('dropState takes the uid of an input whose data waits in the log, with a log or without', async () => {
  const at = directory()
  const first = logged(at, 0)
  first.words.uid('words')
  await first.ssc.start()
  await ticks(first)
  await first.words.push('a')
  await ticks(first)
  const other = (dropState: string[], log: boolean) => {
    const left = asAfterKill(at, directory())
    const second = manual(2500, { checkpointDir: left, checkpointInterval: '1s', writeAheadLog: log })
    const numbers = second.ssc.pushStream<number>('numbers')
    numbers.foreachRDD(() => {})
    return { ...second, left, started: second.ssc.start({ dropState }) }
  }
  await expect(other([], true).started).rejects.toThrow(
    /data of the input 'words'.*start\(\{ dropState: \['words'\] \}\)/,
  )
  await expect(other([], false).started).rejects.toThrow("or drop that data: start({ dropState: ['words'] })")
  await other(['words'], false).started
  const { ssc, clock, left, log, started } = other(['words'], true)
  const recovered: unknown[] = []
  ssc.on('recovered', ({ lost }) => void recovered.push(...lost))
  await started
  const old = logNames(left)
  await ticks({ ssc, clock }, 12)
  expect(logNames(left).filter((name) => old.includes(name))).toEqual([])
  await ssc.stop({ graceful: true })
  expect(log.join()).toContain("dropState: the received data of 'words' in the write-ahead log is dropped")
  await logged(left, 15_500).ssc.start()
})
