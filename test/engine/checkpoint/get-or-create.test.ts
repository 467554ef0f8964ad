import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DStream, type EngineEvents, StateSpec, StreamingContext } from 'millrace'
import { describe, expect, test } from 'vitest'
import { run } from '../support.js'
import { asAfterKill, known, listed, scratch } from './support.js'

const { directory, manual } = scratch()

const total = (values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)

/** A running sum of the batches' numbers. */
function summed(ssc: StreamingContext): DStream<[string, number]> {
  return known(ssc, (i) => [i])
    .map((n) => ['sum', n] as [string, number])
    .updateStateByKey(total)
}
const sums = (ssc: StreamingContext): [number, unknown[]][] => listed(summed(ssc))
const sumUpTo = (batch: number) => [batch * 1000, [['sum', (batch * (batch + 1)) / 2]]]

describe('getOrCreate', () => {
  test('an empty directory: begins anew; after that: goes on where the one before was', async () => {
    const at = directory()
    const first = manual(0)
    let before: unknown[] = []
    const ssc = await StreamingContext.getOrCreate(at, () => {
      before = sums(first.ssc)
      return first.ssc
    })
    expect(ssc).toBe(first.ssc)
    await ssc.start()
    await run(ssc, 3)
    await ssc.stop()
    expect(before).toEqual([1, 2, 3].map(sumUpTo))

    const second = manual(3000)
    let after: unknown[] = []
    const again = await StreamingContext.getOrCreate(at, async () => {
      after = sums(second.ssc)
      return second.ssc
    })
    await again.start()
    await run(again, 2)
    // The context was stopped, not killed: its last checkpoint has all that it did.
    expect(after).toEqual([4, 5].map(sumUpTo))
  })

  test('a file that is no checkpoint: throws, unless told to begin anew', async () => {
    const at = directory()
    writeFileSync(join(at, 'checkpoint-1000'), 'blablabla')
    const created: StreamingContext[] = []
    const create = () => {
      created.push(manual(0).ssc)
      return created.at(-1)!
    }
    for (const options of [undefined, { createOnError: false }]) {
      await expect(StreamingContext.getOrCreate(at, create, options)).rejects.toMatchObject({
        code: 'ERR_MILLRACE_CHECKPOINT',
      })
    }
    // A context that no caller gets is stopped.
    expect(created.map(({ state }) => state)).toEqual(['STOPPED', 'STOPPED'])
    const { ssc } = manual(0)
    const made = sums(ssc)
    await (await StreamingContext.getOrCreate(at, () => ssc, { createOnError: true })).start()
    await run(ssc, 1)
    expect(made).toEqual([sumUpTo(1)])
    expect(readdirSync(at)).toContain('checkpoint-1000.unreadable')
  })

  test('what is not allowed is said', async () => {
    const { ssc } = manual(0)
    await expect(StreamingContext.getOrCreate('', () => ssc)).rejects.toThrow('directory')
    await expect(StreamingContext.getOrCreate(directory(), () => ({}) as never)).rejects.toThrow('StreamingContext')
    await expect(StreamingContext.getOrCreate(directory(), () => ssc, { createOnErr: true } as never)).rejects.toThrow(
      "'createOnErr'",
    )
    expect(() => manual(0, { checkpointInterval: 1500 })).toThrow('multiple of batchInterval')
    expect(() => manual(0, { checkpointDir: '' })).toThrow('directory')
    sums(ssc)
    await ssc.start()
    expect(() => ssc.checkpoint(directory())).toThrow('start')
  })
})

test('keys that were kept without a timeout are idle from when there is one', async () => {
  const at = directory()
  const touched = StateSpec.function<string, number, number, string>((key, value, state) => {
    if (!state.isTimingOut()) state.update(value ?? 0)
    return state.isTimingOut() ? `${key} timed out` : key
  })
  const build = (ssc: StreamingContext, spec: typeof touched) =>
    listed(
      known(ssc, (i) => (i === 1 ? ['a'] : ['b']))
        .map((key): [string, number] => [key, 1])
        .mapWithState(spec)
        .checkpoint(1000),
    )
  const first = manual(0, { checkpointDir: at })
  build(first.ssc, touched)
  await first.ssc.start()
  await run(first.ssc, 5)
  await first.ssc.stop()
  const second = manual(5000, { checkpointDir: at })
  const seen = build(second.ssc, touched.timeout(2000))
  await second.ssc.start()
  await run(second.ssc, 5)
  expect(seen.map(([time, keys]) => [time, ...keys])).toEqual([
    [6000, 'b'],
    [7000, 'b'],
    [8000, 'b'],
    [9000, 'b', 'a timed out'],
    [10_000, 'b'],
  ])
})

describe('start() with checkpoints', () => {
  test('a directory that cannot be written: rejects', async () => {
    const at = join(directory(), 'file')
    writeFileSync(at, '')
    const { ssc } = manual(0, { checkpointDir: at })
    sums(ssc)
    await expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
    expect(ssc.state).toBe('STOPPED')
  })

  test('a queue is refused', async () => {
    const { ssc } = manual(0, { checkpointDir: directory() })
    listed(ssc.queueStream([[1]]))
    await expect(ssc.start()).rejects.toThrow("queueStream doesn't support checkpointing")
  })

  test('other functions are taken: a mistake can be mended', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at })
    sums(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 3)
    await first.ssc.stop()
    const second = manual(3000, { checkpointDir: at })
    const after = listed(
      known(second.ssc, (i) => [i])
        .map((n) => ['sum', n] as [string, number])
        .updateStateByKey((values: number[], sum: number | undefined) => (sum ?? 0) - values[0]!),
    )
    await second.ssc.start()
    await run(second.ssc, 1)
    expect(after).toEqual([[4000, [['sum', 6 - 4]]]])
  })
})

describe('a process that was down', () => {
  test('makes up for the batches since the checkpoint, in order, and tells', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at, checkpointInterval: '2s' })
    sums(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 5)
    const left = asAfterKill(at, directory())
    // 3.5 batches later.
    const second = manual(8500, { checkpointDir: left })
    const after = sums(second.ssc)
    const recovered: EngineEvents['recovered'][] = []
    second.ssc.on('recovered', (event) => recovered.push(event))
    await second.ssc.start()
    await second.ssc.awaitIdle()
    expect(after).toEqual([5, 6, 7, 8].map(sumUpTo))
    await run(second.ssc, 1)
    expect(after.at(-1)).toEqual(sumUpTo(9))
    expect(recovered).toEqual([
      { path: join(left, 'checkpoint-4000-1'), checkpointTime: 4000, restartTime: 9000, batches: 4, lost: [] },
    ])
  })

  test('killed before its first checkpoint: everything is done again', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at, checkpointInterval: '1m' })
    sums(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 3)
    const second = manual(3000, { checkpointDir: asAfterKill(at, directory()) })
    const after = sums(second.ssc)
    await second.ssc.start()
    await second.ssc.awaitIdle()
    expect(after).toEqual([1, 2, 3].map(sumUpTo))
  })

  test('a batch that falls due meanwhile waits for those before it', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at })
    sums(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 1)
    const second = manual(6000, { checkpointDir: asAfterKill(at, directory()) })
    const after = sums(second.ssc)
    await second.ssc.start()
    await second.clock.advance(2000)
    await second.ssc.awaitIdle()
    expect(after).toEqual([2, 3, 4, 5, 6, 7, 8].map(sumUpTo))
  })

  test('a clock behind the checkpoint does no batch twice and goes on within two intervals', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at })
    sums(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 3)
    const second = manual(1000, { checkpointDir: asAfterKill(at, directory()) })
    const after = sums(second.ssc)
    await second.ssc.start()
    await second.clock.advance(4000)
    await second.ssc.awaitIdle()
    expect(after).toEqual([sumUpTo(4), sumUpTo(5), sumUpTo(6)])
  })

  test('a batch that failed is done again by the next process', async () => {
    const at = directory()
    const first = manual(0, { checkpointDir: at })
    const stream = summed(first.ssc)
    listed(stream)
    stream.foreachRDD((_, time) => {
      if (time === 3000) throw new Error('the third batch')
    })
    await first.ssc.start()
    await expect(run(first.ssc, 4)).rejects.toThrow('the third batch')
    await first.ssc.stop()
    const second = manual(4000, { checkpointDir: at })
    const again = summed(second.ssc)
    const after = listed(again)
    again.foreachRDD(() => {})
    await second.ssc.start()
    await second.ssc.awaitIdle()
    expect(after).toEqual([3, 4].map(sumUpTo))
  })

  test('what a receiver had sent since is lost, which is told; what it had sent before is in the state and windows', async () => {
    const at = directory()
    const build = (ssc: StreamingContext) => {
      const pushed = ssc.pushStream<string>('words')
      return { pushed, windows: listed(pushed.countByValueAndWindow('3s')), lists: listed(pushed.window('2s')) }
    }
    const first = manual(0, { checkpointDir: at })
    const one = build(first.ssc)
    await first.ssc.start()
    await run(first.ssc, 2, async (batch) => one.pushed.push(batch === 0 ? 'a' : 'b'))
    await one.pushed.push('lost')
    const second = manual(3000, { checkpointDir: asAfterKill(at, directory()) })
    const two = build(second.ssc)
    const lossy: string[][] = []
    second.ssc.on('recovered', ({ lost }) => lossy.push(lost.map(({ name }) => name)))
    await second.ssc.start()
    await second.ssc.awaitIdle()
    expect(lossy).toEqual([['words']])
    expect(second.log.join()).toContain('words (0 records up to batch 2000 ms, and an unknown number after it)')
    expect(two.windows.map(([time, records]) => [time, records.sort()])).toEqual([
      [
        3000,
        [
          ['a', 1],
          ['b', 1],
        ],
      ],
    ])
    expect(two.lists).toEqual([[3000, ['b']]])
  })
})

test('after a graceful stop nothing is lost, until the next process has begun', async () => {
  const at = directory()
  const build = (ssc: StreamingContext) => {
    const pushed = ssc.pushStream<string>('words')
    return { pushed, windows: listed(pushed.window('3s')) }
  }
  const lossy: string[][] = []
  const first = manual(0, { checkpointDir: at })
  const one = build(first.ssc)
  await first.ssc.start()
  await run(first.ssc, 1)
  await one.pushed.push('a')
  await first.ssc.stop({ graceful: true })
  const second = manual(5000, { checkpointDir: at })
  second.ssc.on('recovered', ({ lost }) => lossy.push(lost.map(({ name }) => name)))
  build(second.ssc)
  await second.ssc.start()
  const left = asAfterKill(at, directory())
  const third = manual(5000, { checkpointDir: left })
  third.ssc.on('recovered', ({ lost }) => lossy.push(lost.map(({ name }) => name)))
  const three = build(third.ssc)
  await third.ssc.start()
  await third.ssc.awaitIdle()
  expect(lossy).toEqual([[], ['words']])
  expect(three.windows).toEqual([
    [3000, ['a']],
    [4000, ['a']],
    [5000, []],
  ])
})

test('files in a directory: those that came while the process was down are in the batches of their times', async () => {
  const [at, watched] = [directory(), directory()]
  const put = (n: number) => {
    const path = join(watched, String(n))
    writeFileSync(path, `${n}\n`)
    // Files 1, 2, 3... appear half a batch before the ends of the batches at 2000, 4000, 6000...
    utimesSync(path, n * 2 - 1, n * 2 - 1)
  }
  const build = (ssc: StreamingContext) =>
    listed(
      ssc
        .textFileStream(watched)
        .map((line) => Number(line))
        .reduceByWindow((a, b) => a + b, '60s', '2s'),
    )
  const options = { batchInterval: 2000, checkpointDir: at }
  const first = manual(0, options)
  const before = build(first.ssc)
  await first.ssc.start()
  await run(first.ssc, 3, (batch) => put(batch + 1))
  expect(before.flatMap(([, sum]) => sum)).toEqual([1, 3, 6])
  const left = asAfterKill(at, directory())
  for (const n of [4, 5, 6]) put(n)
  const second = manual(13_000, { ...options, checkpointDir: left })
  const after = build(second.ssc)
  await second.ssc.start()
  await second.ssc.awaitIdle()
  await run(second.ssc, 3, (batch) => put(batch + 7))
  expect(after.flatMap(([, sum]) => sum)).toEqual([10, 15, 21, 28, 36, 45])
})

test('a checkpoint that cannot be written ends nothing, and the next is tried', async () => {
  const at = join(directory(), 'checkpoints')
  const { ssc, log } = manual(0, { checkpointDir: at })
  const made = sums(ssc)
  const events: string[] = []
  ssc.on('checkpointWritten', ({ time }) => events.push(`written ${time}`))
  ssc.on('checkpointFailed', ({ time }) => events.push(`failed ${time}`))
  await ssc.start()
  // Where its temporary file goes.
  mkdirSync(join(at, 'checkpoint-2000-1.tmp'))
  await run(ssc, 3)
  expect(events).toEqual(['written 0', 'written 1000', 'failed 2000', 'written 3000'])
  expect(log.join()).toContain('The checkpoint of batch 2000 ms could not be written')
  expect(made).toEqual([1, 2, 3].map(sumUpTo))
})
