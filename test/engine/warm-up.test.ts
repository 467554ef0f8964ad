import { pure, type StreamingContext, type StreamingOptions, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, needsPractice, run, sorted } from './support.js'

type Event = { readonly thread: number; readonly tasks: number; readonly ms: number }

/** Resolves when a thread has practised all that there is. */
function warmedUp(ssc: StreamingContext): Promise<Event> {
  return new Promise((resolve) => {
    const off = ssc.on('threadWarmedUp', (event) => {
      off()
      resolve(event)
    })
  })
}

/** Starts, runs two batches, and resolves when a copy runs on the spare. `same`: batches of that output, once stopped. */
async function untilWarmingUp(ssc: StreamingContext) {
  await ssc.start()
  const same = gather<number>(ssc, 'same')
  const pool = localEngineOf(ssc).pool!
  await pool.whenStrong()
  await run(ssc, 2)
  while (pool.spare()?.inFlight !== 1) await new Promise(setImmediate)
  return { pool, same }
}

/** Each thread counts its records; from the third batch on it reports the counts. */
function counting(options: Partial<StreamingOptions> = {}) {
  const { ssc, log } = manual({ parallelism: 4, ...options })
  const batches = Array.from({ length: 6 }, (_, i) => [10, 11, 12, 13].map((n) => n + 100 * i))
  ssc
    .queueStream(batches)
    .map(
      pure((n: number): [number, number] => {
        const memory = globalThis as { given?: number }
        memory.given = (memory.given ?? 0) + 1
        return [n, memory.given]
      }),
    )
    .output('counts')
  return { ssc, log }
}

test('the spare practises on copies while nothing runs, and is warm when it takes over', async () => {
  const { ssc } = counting()
  await ssc.start()
  const counts = gather<[number, number]>(ssc, 'counts')
  const pool = localEngineOf(ssc).pool!
  await pool.whenStrong()
  const practised = warmedUp(ssc)
  await run(ssc, 2)
  const { thread, tasks, ms } = await practised
  expect(thread).toBe(pool.spare()!.id)
  expect(tasks).toBe(8)
  expect(ms).toBeGreaterThan(0)
  let copies = 0
  ssc.on('taskSpeculated', () => copies++)
  await Promise.all(pool.ready().map((ready) => pool.terminate(ready)))
  await run(ssc, 1)
  expect(copies).toBe(0)
  await ssc.stop()
  const last = (await counts).at(-1)!.records
  expect(last.map(([n]) => n)).toEqual([210, 211, 212, 213])
  // Eight copies of one record each came before, on the one of the two that had been in reserve.
  expect(last.some(([, given]) => given > 8)).toBe(true)
})

test('nothing of a warm-up is published: no records, additions, dead letters or blocks', async () => {
  const outcomes: unknown[] = []
  for (const warmUp of [false, true]) {
    const { ssc } = manual({ parallelism: 2, warmUp })
    const { context } = ssc
    const seen = context.accumulator(0, (a, b) => a + b)
    ssc
      .queueStream(Array.from({ length: 3 }, () => [1, 2, 3, 4]))
      .map(
        withEnv({ seen }, (n: number): [number, number] => {
          seen.add(1)
          if (n === 4) throw new Error('four')
          return [n % 2, n]
        }),
        { onRecordError: 'dead-letter' },
      )
      .reduceByKey((a, b) => a + b)
      .output('sums')
    let letters = 0
    ssc.on('deadLetters', ({ count }) => (letters += count))
    let dropped = 0
    ssc.on('resultDropped', () => dropped++)
    await ssc.start()
    const sums = gather<[number, number]>(ssc, 'sums')
    await localEngineOf(context).pool!.whenStrong()
    const practised = warmUp && warmedUp(ssc)
    await run(ssc, 2)
    // Map and reduce tasks, each eight times.
    if (practised) expect((await practised).tasks).toBe(16)
    if (practised) expect(await localEngineOf(context).pool!.spare()!.control.owned()).toEqual([])
    // The inputs pinned for the copies are free again, and so are the blocks that the copies wrote.
    const { liveBlocks } = localEngineOf(context).segments
    await run(ssc, 1)
    await ssc.stop()
    const records = (await sums).map((batch) => sorted(batch.records))
    outcomes.push({ records, additions: seen.value, letters, dropped, liveBlocks })
  }
  expect(outcomes[0]).toMatchObject({ additions: 12, letters: 3, dropped: 0 })
  expect(outcomes[1]).toEqual(outcomes[0])
})

test('there are none without a spare, or where they are switched off', async () => {
  for (const options of [{ spare: false }, { warmUp: false }]) {
    const { ssc } = counting({ threads: 1, ...options })
    await ssc.start()
    const counts = gather<[number, number]>(ssc, 'counts')
    const engine = localEngineOf(ssc)
    await engine.pool!.whenStrong()
    await run(ssc, 3)
    // The values of the newest batch.
    expect(engine.segments.liveBlocks).toBe(4)
    await ssc.stop()
    expect((await counts).at(-1)!.records.map(([, given]) => given)).toEqual([9, 10, 11, 12])
  }
})

/** Loops forever in a copy: the spare has not run the tasks of the first batch, which are not copied. */
function looping(options: Partial<StreamingOptions> = {}) {
  const { ssc, log } = manual({ threads: 1, maxFailures: 1, ...options })
  ssc
    .queueStream([[1], [102], [3], [4]])
    .map(pure(needsPractice))
    .output('same')
  return { ssc, log }
}

test.each(['spare', 'both'])('a kill in the middle of a warm-up does no harm: %s', async (victims) => {
  const { ssc } = looping()
  const { pool, same } = await untilWarmingUp(ssc)
  const doomed = victims === 'spare' ? [pool.spare()!] : [pool.spare()!, ...pool.ready()]
  await Promise.all(doomed.map((thread) => pool.terminate(thread)))
  await run(ssc, 2)
  await ssc.stop()
  expect((await same).map(({ records }) => records)).toEqual([[1], [102], [3], [4]])
})

test('a copy that never ends costs its thread only: once, and not the task that waits behind it', async () => {
  // Longer than a busy machine holds a healthy task up.
  const { ssc } = looping({ taskTimeout: 3000 })
  const lost: string[] = []
  ssc.on('threadLost', ({ reason }) => lost.push(reason))
  const { pool, same } = await untilWarmingUp(ssc)
  const heir = pool.spare()!
  await pool.terminate(pool.ready()[0]!)
  expect(pool.ready()).toEqual([heir])
  await run(ssc, 2)
  expect(lost).toEqual(['terminated', 'timeout'])
  await pool.whenStrong()
  await ssc.stop()
  expect((await same).map(({ records }) => records)).toEqual([[1], [102], [3], [4]])
})

test('a copy that throws, or ends its thread, is the last of its program', async () => {
  for (const end of ['throw', 'exit']) {
    const { ssc } = manual({ threads: 1, maxFailures: 1 })
    ssc
      .queueStream(end === 'throw' ? [[1], [102], [3]] : [[1], [202], [3]])
      .map(
        pure((n: number) => {
          const memory = globalThis as { practised?: boolean }
          if (n < 100) memory.practised = true
          if (!memory.practised && n > 200) process.exit(3)
          if (!memory.practised) throw new Error('A copy.')
          return n
        }),
      )
      .output('same')
    const events: string[] = []
    ssc.on('threadLost', ({ reason }) => events.push(reason))
    ssc.on('taskRetried', () => events.push('retried'))
    ssc.on('threadWarmedUp', () => events.push('warmedUp'))
    const { pool, same } = await untilWarmingUp(ssc)
    const { exited } = pool.spare()!
    if (end === 'exit') await exited
    else while (pool.spare()!.inFlight > 0) await new Promise(setImmediate)
    await pool.whenStrong()
    await run(ssc, 1)
    expect(localEngineOf(ssc).segments.liveBlocks).toBe(1)
    await ssc.stop()
    expect((await same).map(({ records }) => records[0]! % 100)).toEqual([1, 2, 3])
    expect(events).toEqual(end === 'exit' ? ['exit'] : [])
  }
})
