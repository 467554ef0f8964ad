import { type BatchInfo, ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const MIB = 1024 * 1024
const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

function manual(options: Partial<StreamingOptions> = {}) {
  const clock = new ManualClock(0)
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger, ...options })
  open.push(ssc)
  return { ssc, clock }
}

let made = 0
/** A text of 32 KiB. They differ: a text that all records of a block have in a field is stored once. */
const half = () => String(made++).padEnd(32_768, 'x')

/** Records of 64 KiB, each of another kind. */
const LARGE: readonly [string, () => unknown][] = [
  ['texts', () => 'x'.repeat(65_536)],
  ['buffers', () => Buffer.alloc(65_536, 1)],
  ['typed arrays', () => new Float64Array(8192)],
  ['nested objects', () => ({ a: { b: [{ c: half() }, { c: half() }] } })],
  ['lists of numbers', () => Array.from({ length: 8192 }, (_, i) => i + 0.5)],
  ['maps', () => new Map([['k', 'x'.repeat(65_536)]])],
  ['sets', () => new Set(['x'.repeat(65_536)])],
]

describe('receiverBufferBytes counts bytes of records', () => {
  test.each(LARGE)('pushed %s', async (_, make) => {
    const { ssc } = manual({ receiverBufferBytes: MIB })
    const input = ssc.pushStream<unknown>('in')
    input.count().output('n')
    await ssc.start()
    await new Promise(setImmediate)
    let pushes = 1
    while (input.push(make()) === undefined) pushes++
    expect(pushes).toBeGreaterThan(10)
    expect(pushes).toBeLessThan(20)
  })

  test.each(LARGE)('%s that are pulled', async (_, make) => {
    const { ssc } = manual({ receiverBufferBytes: 8 * MIB })
    let pulled = 0
    async function* endless() {
      for (;;) {
        pulled++
        yield make()
      }
    }
    ssc.fromIterable(endless()).count().output('n')
    await ssc.start()
    let before = -1
    while (before !== pulled) {
      before = pulled
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    }
    expect(pulled * 65_536).toBeLessThan(12 * MIB)
    expect(pulled * 65_536).toBeGreaterThan(7 * MIB)
  })
})

describe('a caller that does not wait', () => {
  /** Pushes until the handle refuses, or `most` times. */
  function flood(push: (value: string) => unknown, most = 1000) {
    let pushes = 0
    try {
      for (; pushes < most; pushes++) push('x'.repeat(65_536))
    } catch (error) {
      return { pushes, error: error as Error }
    }
    return { pushes, error: undefined }
  }

  test('may bring receiverBufferBytes more than the limit, then push throws; what it took is not lost', async () => {
    const { ssc, clock } = manual({ receiverBufferBytes: MIB })
    const input = ssc.pushStream<string>('in')
    const counts: number[] = []
    input.foreachRDD(async (rdd) => void counts.push(await rdd.count()))
    await ssc.start()
    await new Promise(setImmediate)
    const { pushes, error } = flood((value) => input.push(value))
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_BUFFER_FULL', details: { receiverBufferBytes: MIB } })
    expect(pushes).toBeGreaterThanOrEqual(16)
    expect(pushes).toBeLessThanOrEqual(40)
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(counts).toEqual([pushes])
    expect(flood((value) => input.push(value), 10).error).toBeUndefined()
  })

  test('stays near memoryLimit, whatever receiverBufferBytes', async () => {
    const { ssc, clock } = manual({ receiverBufferBytes: 2 * MIB, memoryLimit: 8 * MIB })
    const input = ssc.pushStream<string>('in')
    // The window keeps the received data in memory.
    input.window('1h').count().output('n')
    await ssc.start()
    await new Promise(setImmediate)
    let refused = 0
    for (let batch = 0; batch < 12; batch++) {
      if (flood((value) => input.push(value), 40).error) refused++
      expect(localEngineOf(ssc).memory.usedBytes).toBeLessThan(16 * MIB)
      await clock.advance(1000)
    }
    expect(refused).toBeGreaterThan(0)
  })

  test("onFull 'reject': takes nothing once there is no room", async () => {
    const { ssc } = manual({ receiverBufferBytes: MIB })
    const input = ssc.pushStream<string>('in', { onFull: 'reject' })
    input.count().output('n')
    await ssc.start()
    await new Promise(setImmediate)
    const { pushes, error } = flood((value) => input.push(value))
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_BUFFER_FULL' })
    expect(pushes).toBeLessThanOrEqual(20)
  })

  test("onFull 'drop': drops and counts, in the handle and in the events of the batch", async () => {
    const { ssc, clock } = manual({ receiverBufferBytes: MIB })
    const input = ssc.pushStream<string>('in', { onFull: 'drop' })
    const counts: number[] = []
    const dropped: (number | undefined)[] = []
    ssc.on('batchCompleted', ({ inputs }: BatchInfo) => dropped.push(inputs[0]!.dropped))
    input.foreachRDD(async (rdd) => void counts.push(await rdd.count()))
    await ssc.start()
    await new Promise(setImmediate)
    expect(flood((value) => input.push(value), 100).error).toBeUndefined()
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(ssc.pushHandle('in').dropped).toBe(100 - counts[0]!)
    expect(dropped).toEqual([100 - counts[0]!])
    expect(counts[0]).toBeLessThanOrEqual(20)
    await clock.advance(1000)
    await ssc.awaitIdle()
    expect(dropped[1]).toBeUndefined()
  })

  test('before the start, 64 MiB are kept', () => {
    const { ssc } = manual()
    const input = ssc.pushStream<string>('in')
    input.count().output('n')
    const text = 'x'.repeat(MIB)
    let kept = 0
    expect(() => {
      for (; kept < 100; kept++) input.push(text)
    }).toThrow(/the limit before start\(\) is 65536 values and 67108864 bytes/)
    expect(kept).toBe(63)
  })

  test('before the start, 65,536 values are kept', () => {
    const { ssc } = manual()
    const input = ssc.pushStream<number>('in')
    input.count().output('n')
    input.pushAll(Array.from({ length: 65_536 }, (_, i) => i))
    expect(() => input.push(0)).toThrow(/the limit before start\(\) is 65536 values/)
  })

  test('another onFull is refused', () => {
    const { ssc } = manual()
    expect(() => ssc.pushStream('in', { onFull: 'block' as never })).toThrow("'wait', 'reject' or 'drop'")
  })
})

test('at memoryLimit kept partitions give way to what arrives, without a batch', async () => {
  const { ssc } = manual({ memoryLimit: 8 * MIB, receiverBufferBytes: 64 * MIB })
  const input = ssc.pushStream<string>('in')
  input.count().output('n')
  await ssc.start()
  const kept = ssc.context.parallelize(
    Array.from({ length: 96 }, (_, i) => `${i}`),
    12,
  )
  await kept
    .map((text) => text.padEnd(65_536, 'x'))
    .persist()
    .count()
  expect(localEngineOf(ssc).memory.usedBytes).toBeGreaterThan(5 * MIB)
  // No tick comes: the manual clock stands.
  let pushed = 0
  while (input.push('y'.repeat(65_536)) === undefined) pushed++
  expect(pushed * 65_536).toBeGreaterThan(5 * MIB)
})
