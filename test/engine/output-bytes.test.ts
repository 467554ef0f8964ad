import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { OutputSender } from '#build/engine/driver-thread/output-sender.js'
import { OUTPUT_BYTES, OutputQueue } from '#build/engine/streaming/output-queue.js'

const MIB = 1024 * 1024
const large = () => Array.from({ length: 16 }, () => 'x'.repeat(MIB))

/** Resolves with whether the promise is settled after the microtasks that wait now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await new Promise(setImmediate)
  return settled
}

const host = (warn: (message: string) => unknown = () => {}) => ({
  warn: (message: string) => void warn(message),
  taken: () => {},
  untilNext: (batch: Promise<void>) => batch,
})

test('an output that nobody reads is bounded by bytes, and the warning says how many wait', async () => {
  const warnings: string[] = []
  const queue = new OutputQueue(
    'big',
    host((message) => warnings.push(message)),
  )
  let puts = 0
  let last = queue.put(++puts, large())
  while (await isSettled(last)) last = queue.put(++puts, large())
  expect(puts).toBe(OUTPUT_BYTES / (16 * MIB))
  expect(warnings).toEqual([expect.stringMatching(/output\('big'\) has 4 batches without a reader, some \d+ bytes/)])
  const reader = queue[Symbol.asyncIterator]()
  expect((await reader.next()).value).toMatchObject({ time: 1 })
  expect(await isSettled(last)).toBe(true)
})

test('one batch larger than the bound passes, and the next waits for it', async () => {
  const queue = new OutputQueue('big', host())
  const first = queue.put(1, [...large(), ...large(), ...large(), ...large(), ...large()])
  expect(await isSettled(first)).toBe(false)
  const reader = queue[Symbol.asyncIterator]()
  expect((await reader.next()).value).toMatchObject({ time: 1 })
  expect(await isSettled(first)).toBe(true)
})

test('a driver thread waits for a host that is behind by as many bytes', async () => {
  const sent: number[] = []
  const outputs = new OutputSender({ sendOutput: (_name, time) => void sent.push(time) })
  let puts = 0
  let last = outputs.deliver('big', ++puts, large())
  while (await isSettled(last)) last = outputs.deliver('big', ++puts, large())
  expect(puts).toBe(OUTPUT_BYTES / (16 * MIB))
  outputs.taken('big')
  expect(await isSettled(last)).toBe(true)
})

test('a batch that was read is not kept alive until the next', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const queue = new OutputQueue('small', host())
  const reader = queue[Symbol.asyncIterator]()
  const batchOf = async (time: number) => {
    const records = [{ time }]
    const next = reader.next()
    await queue.put(time, records)
    expect((await next).value).toEqual({ time, records: [{ time }] })
    return new WeakRef(records)
  }
  const batches = [await batchOf(1), await batchOf(2)]
  // A WeakRef holds its object until the end of the turn of the event loop.
  await new Promise(setImmediate)
  gc()
  expect(batches.map((batch) => batch.deref())).toEqual([undefined, undefined])
})
