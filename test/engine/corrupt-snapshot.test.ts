import type { StreamingContext } from 'millrace'
import { afterEach, expect, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const ssc of open.splice(0)) await ssc.stop()
})

const BATCHES = 8
const KEYS = Array.from({ length: 24 }, (_, i) => `key ${i}`)

test.each([
  ['values make no sense', 'block', (payload: Uint8Array) => payload.fill(0xff)],
  ['values make sense, but another', 'block', (payload: Uint8Array) => sumsOf(payload).fill(77)],
  ['keys make no sense', 'keys', (payload: Uint8Array) => payload.fill(0xff)],
  ['keys are others', 'keys', (payload: Uint8Array) => payload.fill(0x7a, payload.lastIndexOf(0x6b))],
] as const)('a snapshot whose %s when its writer dies: older versions are replayed instead', async (_, of, damage) => {
  const { ssc } = manual({ threads: 2, parallelism: 4, stateSnapshotInterval: 4 })
  open.push(ssc)
  ssc
    .queueStream(Array.from({ length: BATCHES }, () => KEYS.map((key): [string, number] => [key, 1])))
    .updateStateByKey((values: number[], sum: number | undefined) => (sum ?? 0) + values.reduce((a, b) => a + b, 0))
    .output('sums')
  const engine = localEngineOf(ssc)
  const taken = vi.spyOn(engine.states, 'snapshotTaken')
  await ssc.start()
  const sums = gather<[string, number]>(ssc, 'sums')
  await run(ssc, BATCHES, async (batch) => {
    // Partitions 2 and 3 have taken their first snapshots, the others not yet: the versions from the beginning are there.
    if (batch !== 3) return
    const [, , , snapshot] = taken.mock.calls.at(-1)!
    const block = of === 'keys' ? snapshot.keys!.block : snapshot.block
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
