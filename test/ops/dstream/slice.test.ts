import { ArgumentError, type DStream, ManualClock, type RDD, StateError, StreamingContext } from 'millrace'
import { describe, expect, test } from 'vitest'
import { THREADS } from '../../support/contexts.js'

/** A stream of [1], [2], [3], ... in batches of 1 s, `seconds` of them run, zero time at `start`. */
async function running(
  threads: number,
  seconds: number,
  build: (stream: DStream<number>, ssc: StreamingContext) => void = () => {},
  start = 0,
) {
  const clock = new ManualClock(start)
  const ssc = new StreamingContext({ batchInterval: 1000, threads, spare: false, clock })
  const stream = ssc.queueStream([[1], [2], [3], [4], [5], [6]])
  stream.foreachRDD(() => {})
  build(stream, ssc)
  await ssc.start()
  for (let i = 0; i < seconds; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ssc, stream, clock }
}

async function elements(rdds: readonly RDD<number>[]): Promise<number[]> {
  return (await Promise.all(rdds.map((rdd) => rdd.collect()))).flat()
}

describe.each(THREADS)('slice, %i threads', (threads) => {
  test('both ends are included and rounded down', async () => {
    const { ssc, stream } = await running(threads, 4, (_, ssc) => ssc.remember('1m'))
    for (const [from, to, expected] of [
      [0, 0, []],
      [0, 999, []],
      [0, 1000, [1]],
      [0, 2000, [1, 2]],
      [1000, 2000, [1, 2]],
      [2000, 4000, [2, 3, 4]],
      [1999, 2999, [1, 2]],
      [3000, 3000, [3]],
      [-5000, 1500, [1]],
      [3000, 2000, []],
    ] as const)
      expect(await elements(stream.slice(from, to)), `${from} to ${to}`).toEqual(expected)
    await ssc.stop()
  })

  test('rounded relative to zero time, by the slide of the stream', async () => {
    let pairs!: DStream<number>
    const { ssc } = await running(
      threads,
      4,
      (stream, ssc) => {
        ssc.remember('1m')
        pairs = stream.window('2s', '2s')
        pairs.foreachRDD(() => {})
      },
      7000,
    )
    // Zero time is 7000, so the windows end at 9000 and 11000.
    expect(await elements(pairs.slice(9000, 9000))).toEqual([1, 2])
    expect(await elements(pairs.slice(10_999, 10_999))).toEqual([1, 2])
    expect(await elements(pairs.slice(7000, 11_000))).toEqual([1, 2, 3, 4])
    expect(pairs.slice(7000, 8999)).toEqual([])
    await ssc.stop()
  })

  test('of a stream that nobody else asks for, made once', async () => {
    let doubled!: DStream<number>
    const { ssc } = await running(threads, 2, (stream, ssc) => {
      ssc.remember('1m')
      doubled = stream.map((x) => x * 2)
    })
    expect(await elements(doubled.slice(1000, 2000))).toEqual([2, 4])
    expect(doubled.slice(1000, 1000)[0]).toBe(doubled.slice(1000, 1000)[0])
    await ssc.stop()
  })

  test('batches to come keep what the slice has taken from the queue', async () => {
    const seen: number[] = []
    const { ssc, stream, clock } = await running(threads, 1, (stream) =>
      stream.foreachRDD(async (rdd) => {
        seen.push(...(await rdd.collect()))
      }),
    )
    expect(await elements(stream.slice(2000, 3000))).toEqual([2, 3])
    for (let i = 0; i < 3; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    expect(seen).toEqual([1, 2, 3, 4])
    await ssc.stop()
  })

  test('what has not arrived yet is not lost to its batch', async () => {
    const clock = new ManualClock(0)
    const ssc = new StreamingContext({ batchInterval: 1000, threads, spare: false, clock })
    const stream = ssc.pushStream<number>('in')
    const mapped = stream.map((x) => x + 1)
    const seen: number[] = []
    mapped.foreachRDD(async (rdd) => {
      seen.push(...(await rdd.collect()))
    })
    await ssc.start()
    expect(mapped.slice(1000, 1000)).toEqual([])
    stream.push(1, 2)
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(seen).toEqual([2, 3])
    await ssc.stop()
  })

  test('what is let go is an error, not another batch', async () => {
    const { ssc, stream } = await running(threads, 4)
    expect(() => stream.slice(1000, 1000)).toThrow('call remember(duration) before start()')
    expect(await elements(stream.slice(5000, 5000))).toEqual([5])
    await ssc.stop()
  })

  test('what is refused', async () => {
    const ssc = new StreamingContext({ batchInterval: 1000, threads, spare: false, clock: new ManualClock(0) })
    const stream = ssc.queueStream([[1]])
    stream.foreachRDD(() => {})
    expect(() => stream.slice(0, 1000)).toThrow(StateError)
    expect(() => ssc.remember(0)).toThrow(ArgumentError)
    await ssc.start()
    expect(() => stream.slice(Number.NaN, 1000)).toThrow(ArgumentError)
    expect(() => ssc.remember(5000)).toThrow(StateError)
    await ssc.stop()
  })
})
