import { expect, test } from 'vitest'
import { StateError } from '#build/errors.js'
import { pushSource } from '#build/sources/push.js'
import fc from '../support/fast-check.js'
import { FakeSink } from './fake-sink.js'

test('values before start are kept and come first', async () => {
  const numbers = pushSource<number>('numbers')
  expect(numbers.source).toMatchObject({ kind: 'receiver', name: 'numbers', codec: 'records' })
  expect(numbers.push(1, 2)).toBeUndefined()
  expect(numbers.pending).toBe(2)
  const sink = new FakeSink()
  const receiver = numbers.source.create()
  await receiver.start(sink)
  expect(numbers.pushAll([3, 4])).toBeUndefined()
  expect(numbers.push()).toBeUndefined()
  expect(sink.values).toEqual([1, 2, 3, 4])
  await receiver.stop()
})

test('push tells when to wait', async () => {
  const numbers = pushSource<number>()
  const sink = new FakeSink()
  const receiver = numbers.source.create()
  await receiver.start(sink)
  sink.block()
  const room = numbers.push(1)
  expect(room).toBeInstanceOf(Promise)
  expect(sink.values).toEqual([1])
  sink.release()
  await room
  expect(numbers.push(2)).toBeUndefined()
  sink.block()
  const never = numbers.push(3)
  await receiver.stop()
  await never
  expect(sink.fullAsked).toBe(3)
})

test('while kept values wait for room, new ones queue behind them', async () => {
  const numbers = pushSource<number>()
  const all = Array.from({ length: 10_000 }, (_, i) => i)
  numbers.pushAll(all)
  const sink = new FakeSink()
  sink.block()
  const receiver = numbers.source.create()
  await receiver.start(sink)
  const room = numbers.push(10_000)
  expect(sink.values).toHaveLength(4096)
  sink.release()
  await room
  expect(sink.values).toEqual([...all, 10_000])
  numbers.push(10_001)
  expect(sink.values.at(-1)).toBe(10_001)
  await receiver.stop()
})

test('after a stop values are kept for the next start', async () => {
  const numbers = pushSource<number>()
  const first = new FakeSink()
  const receiver = numbers.source.create()
  await receiver.start(first)
  numbers.push(1)
  const stopped = receiver.stop()
  numbers.push(2)
  await stopped
  numbers.push(3)
  const second = new FakeSink()
  const again = numbers.source.create()
  await again.start(second)
  expect([first.values, second.values]).toEqual([[1], [2, 3]])
  await again.stop()
})

test('at most 65,536 values are kept, and a push that does not fit takes none', () => {
  const numbers = pushSource<number>()
  numbers.pushAll(new Array(65_530).fill(0))
  expect(() => numbers.pushAll(new Array(7).fill(0))).toThrow(StateError)
  expect(numbers.pending).toBe(65_530)
  numbers.pushAll(new Array(6).fill(0))
  expect(() => numbers.push(1)).toThrow('push holds 65536 values and got 1 more')
})

test('end delivers what is kept and takes no more', async () => {
  const numbers = pushSource<number>()
  numbers.push(1)
  numbers.end()
  numbers.end()
  expect(() => numbers.push(2)).toThrow(/has ended/)
  const sink = new FakeSink()
  const receiver = numbers.source.create()
  await receiver.start(sink)
  expect(sink.values).toEqual([1])
  expect(sink.reports).toEqual([])
  await receiver.stop()
})

test('one stream at a time', async () => {
  const numbers = pushSource<number>()
  const receiver = numbers.source.create()
  await receiver.start(new FakeSink())
  await expect(numbers.source.create().start(new FakeSink())).rejects.toThrow(StateError)
  await receiver.stop()
})

test('order and number hold for any mix of pushes, pauses and restarts', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 6000 }) }),
    fc.record({ do: fc.constantFrom('start' as const, 'stop' as const, 'block' as const, 'release' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const numbers = pushSource<number>()
      const sink = new FakeSink()
      let next = 0
      let receiver: ReturnType<typeof numbers.source.create> | undefined
      const stop = async () => {
        await receiver?.stop()
        receiver = undefined
      }
      for (const now of steps) {
        if (now.do === 'push' && numbers.pending < 50_000) {
          void numbers.pushAll(Array.from({ length: now.count }, () => next++))
        } else if (now.do === 'start' && !receiver) {
          receiver = numbers.source.create()
          await receiver.start(sink)
        } else if (now.do === 'stop') await stop()
        else if (now.do === 'block') sink.block()
        else if (now.do === 'release') sink.release()
      }
      await stop()
      sink.release()
      const last = numbers.source.create()
      await last.start(sink)
      await sink.until(() => sink.values.length === next)
      expect(sink.values).toEqual(Array.from({ length: next }, (_, i) => i))
      await last.stop()
    }),
    { numRuns: 60 },
  )
})
