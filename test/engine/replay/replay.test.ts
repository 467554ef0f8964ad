import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type State, StateSpec, type StreamingContext, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { asAfterKill, known, scratch } from '../checkpoint/support.js'
import { batches, results, write } from './support.js'

const { directory, manual } = scratch()

/** The names and bytes of the files of a directory. */
function contentOf(at: string): Record<string, string> {
  return Object.fromEntries(readdirSync(at).map((name) => [name, readFileSync(join(at, name), 'latin1')]))
}

test('a batch of files runs again from its recorded ranges, beside the running owner', async () => {
  const [checkpoints, folder] = [directory(), directory()]
  const ran: number[] = []
  const build = (ssc: StreamingContext) =>
    ssc
      .textFileStream(folder)
      .map((line) => line.toUpperCase())
      .foreachRDD((_, time) => void ran.push(time))
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
  build(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 4, (time) => write(folder, `file-${time}`, `a${time}\nb${time}\n`, time))
  expect(ran).toEqual([1000, 2000, 3000, 4000])

  const before = contentOf(checkpoints)
  for (const batch of [2000, 4000, 1000]) {
    const { ssc } = manual(99_000)
    build(ssc)
    const replayed = await ssc.replay(checkpoints, { batch })
    expect(results(replayed)).toEqual([['same', [`A${batch}`, `B${batch}`]]])
    expect(replayed).toMatchObject({ time: batch, checkpointTime: batch - 1000, batches: 1 })
    expect(replayed.inputs.map(({ records }) => records)).toEqual([2])
  }
  expect(ran).toEqual([1000, 2000, 3000, 4000])
  expect(contentOf(checkpoints)).toEqual(before)
  await batches(owner, 1, (time) => write(folder, `file-${time}`, 'more\n', time))
  expect(ran.at(-1)).toBe(5000)
})

test('a program that computes other records is found out', async () => {
  const [checkpoints, folder] = [directory(), directory()]
  const build = (ssc: StreamingContext, more: number) =>
    ssc
      .textFileStream(folder)
      .map(withEnv({ more }, (line: string) => line.length + more))
      .foreachRDD(() => {})
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
  build(owner.ssc, 0)
  await owner.ssc.start()
  await batches(owner, 2, (time) => write(folder, `file-${time}`, 'abc\n', time))
  const { ssc } = manual(0)
  build(ssc, 1)
  expect(results(await ssc.replay(checkpoints, { batch: 2000 }))).toEqual([['different', [4]]])
})

const sum = (values: number[], total: number | undefined) => values.reduce((a, b) => a + b, total ?? 0)

/** Keyed state, windows with and without inverse, and event time, over one input. */
function stateful(ssc: StreamingContext): void {
  const numbers = known(ssc, (i) => [i, i + 1, i + 2])
  const pairs = numbers.map((n): [string, number] => [`key ${n % 3}`, n])
  pairs.updateStateByKey(sum).foreachRDD(() => {})
  pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s').foreachRDD(() => {})
  pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { inverse: (a, b) => a - b }).foreachRDD(() => {})
  numbers.countByWindow('4s', '2s').foreachRDD(() => {})
  pairs
    .mapWithState(
      StateSpec.function((key: string, value: number | undefined, state: State<number>) => {
        const next = (state.exists() ? state.get() : 0) + (value ?? 0)
        state.update(next)
        return `${key} ${next}`
      }),
    )
    .foreachRDD(() => {})
  numbers
    .withTimestamps((n) => n * 500, { maxOutOfOrder: '1s' })
    .keyBy((n) => n % 2)
    .tumbling('2s')
    .countByKey()
    .foreachRDD(() => {})
}

test('state, windows and event time: from kept checkpoints and the batches between', async () => {
  const checkpoints = directory()
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h', checkpointInterval: '4s' })
  stateful(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 11, () => {})
  const outputs: number[] = []
  for (const batch of [11_000, 1000, 7000, 8000]) {
    const { ssc } = manual(0)
    stateful(ssc)
    const replayed = await ssc.replay(checkpoints, { batch })
    expect(replayed.outputs.map(({ result }) => result)).toEqual(replayed.outputs.map(() => 'same'))
    expect(replayed.batches).toBe(batch % 4000 === 0 ? 4 : (batch % 4000) / 1000)
    outputs.push(replayed.outputs.length)
  }
  // countByWindow slides in every second batch.
  expect(outputs).toEqual([5, 5, 5, 6])
})

describe('receivers', () => {
  const build = (ssc: StreamingContext) => {
    const words = ssc.pushStream<string>('words').uid('words')
    words.countByValue().foreachRDD(() => {})
    return words
  }

  test('with a write-ahead log have the data that they had', async () => {
    const checkpoints = directory()
    const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h', writeAheadLog: true })
    const words = build(owner.ssc)
    await owner.ssc.start()
    await batches(owner, 3, (time) => words.pushAll(['a', `at ${time}`, 'a']))
    await owner.ssc.stop()
    const { ssc } = manual(0)
    build(ssc)
    expect(results(await ssc.replay(checkpoints, { batch: 2000 }))).toEqual([
      [
        'same',
        [
          ['a', 2],
          ['at 2000', 1],
        ],
      ],
    ])
  })

  test('without a log cannot be replayed, which the error says', async () => {
    const checkpoints = directory()
    const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
    const words = build(owner.ssc)
    await owner.ssc.start()
    await batches(owner, 3, (time) => time === 2000 && words.pushAll(['a']))
    await owner.ssc.stop()
    const { ssc } = manual(0)
    build(ssc)
    await expect(ssc.replay(checkpoints, { batch: 2000 })).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(
        /Batch 2000 ms .* cannot be replayed: the receiver 'words' had 1 records, and no write-ahead log has them.*2 batches from 1000 to 3000 ms/,
      ),
    })
  })

  test('after a restart: the batches of both processes', async () => {
    const checkpoints = directory()
    const options = {
      checkpointDir: checkpoints,
      replayRetention: '1h',
      writeAheadLog: true,
      checkpointInterval: '10s',
    }
    const first = manual(0, options)
    const words = build(first.ssc)
    await first.ssc.start()
    await batches(first, 3, (time) => words.pushAll([`first ${time}`]))
    const left = asAfterKill(checkpoints, directory())
    for (const name of readdirSync(left)) if (name.startsWith('owner-')) rmSync(join(left, name))
    const second = manual(3000, { ...options, checkpointDir: left })
    const more = build(second.ssc)
    await second.ssc.start()
    await second.ssc.awaitIdle()
    await batches(second, 2, (time) => more.pushAll([`second ${time}`]))
    for (const [batch, text] of [
      [2000, 'first 2000'],
      [5000, 'second 5000'],
    ] as const) {
      const { ssc } = manual(0)
      build(ssc)
      expect(results(await ssc.replay(left, { batch }))).toEqual([['same', [[text, 1]]]])
    }
  })
})

test('sinks and named outputs never run; foreachRDD and print only on request', async () => {
  const [checkpoints, folder] = [directory(), directory()]
  const ran: string[] = []
  const build = (ssc: StreamingContext) => {
    const numbers = known(ssc, (i) => [i])
    numbers.foreachRDD((_, time, { replayed }) => void ran.push(`foreachRDD ${time} ${replayed}`))
    numbers.print()
    numbers.output('numbers')
    numbers.saveAsTextFiles(join(folder, 'out'))
    numbers.writeTo(
      new Writable({ objectMode: true, write: (record, _, done) => done(void ran.push(`sink ${record}`) as never) }),
    )
    ssc.printer = (time, lines) => void ran.push(`print ${time} ${lines}`)
  }
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
  build(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 2, () => {})
  await owner.ssc.stop()
  const files = readdirSync(folder)
  ran.length = 0
  for (const outputs of [false, true]) {
    const { ssc } = manual(0)
    build(ssc)
    const replayed = await ssc.replay(checkpoints, { batch: 2000, outputs })
    expect(replayed.outputs.map(({ label, result, records }) => [label.split('(')[0], result, records])).toEqual([
      ['foreachRDD', 'same', [2]],
      ['print', 'same', [2]],
      ['output', 'same', [2]],
      ['saveAsTextFiles', 'same', [2]],
      ['writeTo', 'same', [2]],
    ])
    expect(ran).toEqual(outputs ? ['foreachRDD 2000 true', 'print 2000 2'] : [])
  }
  expect(readdirSync(folder)).toEqual(files)
})

test('functions of an output run once, with its digest or without', async () => {
  const counted = async (options: object) => {
    const { ssc, clock } = manual(0, { checkpointDir: directory(), ...options })
    const calls = ssc.context.longAccumulator()
    const numbers = known(ssc, (i) => [i, i])
    numbers
      .map(
        withEnv({ calls }, (n: number) => {
          calls.add(1)
          return n
        }),
      )
      .foreachRDD((rdd) => rdd.collect())
    await ssc.start()
    await batches({ ssc, clock }, 3, () => {})
    return calls.value
  }
  expect(await counted({ replayRetention: '1h' })).toBe(6)
  expect(await counted({})).toBe(6)
})

test('persist and getStorageLevel in foreachRDD are those without digests', async () => {
  const levels: string[] = []
  const { ssc, clock } = manual(0, { checkpointDir: directory(), replayRetention: '1h' })
  known(ssc, (i) => [i]).foreachRDD(async (rdd) => {
    levels.push(rdd.getStorageLevel())
    rdd.persist('disk')
    await rdd.count()
    levels.push(rdd.getStorageLevel())
    rdd.unpersist()
  })
  await ssc.start()
  await batches({ ssc, clock }, 1, () => {})
  expect(levels).toEqual(['none', 'disk'])
})

test('a batch that failed fails again, with its error', async () => {
  const checkpoints = directory()
  const build = (ssc: StreamingContext) =>
    known(ssc, (i) => [i])
      .map((n) => {
        if (n === 2) throw new RangeError('two')
        return n
      })
      .foreachRDD((rdd) => rdd.collect())
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h', maxFailures: 1 })
  build(owner.ssc)
  await owner.ssc.start()
  await owner.clock.advance(2000)
  await expect(owner.ssc.awaitTermination()).rejects.toThrow('two')
  const { ssc } = manual(0, { maxFailures: 1 })
  build(ssc)
  await expect(ssc.replay(checkpoints, { batch: 2000 })).rejects.toThrow('two')
})

test('refuses what it cannot do', async () => {
  const checkpoints = directory()
  const build = (ssc: StreamingContext) => known(ssc, (i) => [i]).foreachRDD(() => {})
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
  build(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 2, () => {})
  const replay = (batch: unknown, options = {}) => {
    const { ssc } = manual(0, options)
    build(ssc)
    return ssc.replay(checkpoints, { batch } as never)
  }
  await expect(replay(7000)).rejects.toThrow(/its input is not recorded. It can replay 2 batches from 1000 to 2000 ms/)
  await expect(replay('now')).rejects.toThrow('batch is "now"; it must be a batch time in ms')
  await expect(replay(1000, { batchInterval: 500 })).rejects.toThrow(/batchInterval is 500 ms.*had 1000 ms/)
  const { ssc } = manual(0, { replayRetention: '1h' })
  build(ssc)
  await expect(ssc.start()).rejects.toThrow('replayRetention is set and checkpointDir is not')
})

test('a checkpoint that is damaged is passed over', async () => {
  const checkpoints = directory()
  const build = (ssc: StreamingContext) =>
    known(ssc, (i): [string, number][] => [['n', i]])
      .updateStateByKey(sum)
      .foreachRDD(() => {})
  const owner = manual(0, { checkpointDir: checkpoints, replayRetention: '1h' })
  build(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 4, () => {})
  await owner.ssc.stop()
  for (const name of readdirSync(checkpoints))
    if (name.startsWith('state-3000-')) truncateSync(join(checkpoints, name), 1)
  const { ssc } = manual(0)
  build(ssc)
  const replayed = await ssc.replay(checkpoints, { batch: 4000 })
  expect([results(replayed), replayed.checkpointTime]).toEqual([[['same', [['n', 10]]]], 2000])
})

test('keeps what replays need for the retention, and no more', async () => {
  const checkpoints = directory()
  const build = (ssc: StreamingContext) => {
    const words = ssc.pushStream<string>('words')
    words
      .map((word): [string, number] => [word, 1])
      .updateStateByKey(sum)
      .foreachRDD(() => {})
    return words
  }
  const options = { checkpointDir: checkpoints, replayRetention: '12s', writeAheadLog: { rollingInterval: '1s' } }
  const owner = manual(0, options)
  const words = build(owner.ssc)
  await owner.ssc.start()
  await batches(owner, 26, () => words.pushAll(['a']))
  const names = readdirSync(checkpoints)
  expect(names.filter((name) => name.startsWith('checkpoint-')).length).toBeLessThan(16)
  expect(
    Math.min(...names.filter((name) => name.startsWith('log-')).map((name) => Number(name.split('-')[1]))),
  ).toBeGreaterThan(8000)
  for (const batch of [14_000, 15_000]) {
    const { ssc } = manual(0)
    build(ssc)
    const replayed = await ssc.replay(checkpoints, { batch })
    expect(results(replayed)).toEqual([['same', [['a', batch / 1000]]]])
    expect(replayed.batches).toBeLessThanOrEqual(2)
  }
  const { ssc } = manual(0)
  build(ssc)
  await expect(ssc.replay(checkpoints, { batch: 5000 })).rejects.toThrow('cannot be replayed')
})
