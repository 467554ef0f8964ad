import type { StreamingContext } from 'millrace'
import { afterEach, expect, test, vi } from 'vitest'
import { gather, manual, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const ssc of open.splice(0)) await ssc.stop()
})

const BATCHES = 8
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']

test.each([
  ['make no sense', (payload: Uint8Array) => payload.fill(0xff)],
  ['make sense, but another', (payload: Uint8Array) => sumsOf(payload).fill(77)],
])('a snapshot whose bytes %s when its writer dies: older versions are replayed instead', async (_, damage) => {
  const { ssc } = manual({ threads: 2, stateSnapshotInterval: 4 })
  open.push(ssc)
  ssc
    .queueStream(Array.from({ length: BATCHES }, () => KEYS.map((key): [string, number] => [key, 1])))
    .updateStateByKey((values: number[], sum: number | undefined) => (sum ?? 0) + values.reduce((a, b) => a + b, 0))
    .output('sums')
  const { engine } = ssc.context
  const taken = vi.spyOn(engine.states, 'snapshotTaken')
  await ssc.start()
  const sums = gather<[string, number]>(ssc, 'sums')
  await run(ssc, BATCHES, async (batch) => {
    // Partition 1 has taken its first snapshot, partition 0 not yet: the versions from the beginning are still there.
    if (batch !== 3) return
    const [, , , { block }] = taken.mock.calls.at(-1)!
    expect(engine.blocks.has(block.id)).toBe(true)
    damage(new Uint8Array(engine.segments.memory(block.segment), block.offset + 64, block.length))
    await Promise.all(engine.pool!.ready().map((thread) => engine.pool!.terminate(thread)))
  })
  await ssc.stop()
  const came = (await sums).map(({ records }) => new Set(records.map(([, sum]) => sum)))
  expect(came).toEqual(Array.from({ length: BATCHES }, (_, i) => new Set([i + 1])))
})

/** The sums, which are all 3 after three batches, as 32-bit numbers at the end of the pairs. */
function sumsOf(payload: Uint8Array): Int32Array {
  const words = new Int32Array(payload.buffer, payload.byteOffset, payload.byteLength >> 2)
  const last = words.lastIndexOf(3)
  let first = last
  while (words[first - 1] === 3) first--
  expect(last - first).toBeGreaterThanOrEqual(1)
  return words.subarray(first, last + 1)
}
