import { StateSpec } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

/** Each round of batches brings as many new keys as it lets go. */
const KEYS = 40
const BATCHES = 80

interface Size {
  /** Of all segments. */
  readonly bytes: number
  /** Of segments that hold blocks. */
  readonly live: number
  readonly blocks: number
  /** Blocks that one thread owns, at most. */
  readonly owned: number
}

test('over many batches, with kills, memory and books stay as large as they were', async () => {
  const { ssc } = manual({
    threads: 2,
    stateSnapshotInterval: 2,
    speculation: { minMs: 1, multiplier: 1, quantile: 0.1 },
  })
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: KEYS }, (_, i): [string, number] => [`key ${batch * (KEYS / 4) + i}`, i]),
  )
  const pairs = ssc.queueStream(batches)
  pairs.reduceByKey((a, b) => a + b).output('sums')
  pairs.reduceByKeyAndWindow((a, b) => a + b, '4s', '1s').output('window')
  const seen = StateSpec.function((_key: string, n: number | undefined, state) => {
    if (!state.isTimingOut()) state.update(n!)
  }).timeout('4s')
  pairs.mapWithState(seen).count().output('state')
  await ssc.start()
  for (const name of ssc.outputNames) void gather(ssc, name)
  const engine = localEngineOf(ssc)
  const pool = engine.pool!
  const sizes: Size[] = []
  await run(ssc, BATCHES, async (batch) => {
    if (batch % 4 === 3) {
      await pool.terminate(pool.ready()[batch % 2]!)
      await pool.whenStrong()
    }
    const owned = await Promise.all(pool.ready().map((thread) => thread.control.owned()))
    const { bytes, liveBytes: live } = engine.segments
    sizes.push({ bytes, live, blocks: engine.blocks.size, owned: Math.max(...owned.map((ids) => ids.length)) })
  })
  await ssc.stop()
  // What leaks lifts the least of all batches too. The most depends on how many copies of tasks a busy machine runs.
  const least = (of: Size[], what: keyof Size) => Math.min(...of.map((size) => size[what]))
  const [early, late] = [sizes.slice(BATCHES / 4, (BATCHES * 5) / 8), sizes.slice((BATCHES * 5) / 8)]
  for (const what of ['live', 'blocks', 'owned'] as const)
    expect(least(late, what), what).toBeLessThanOrEqual(1.25 * least(early, what))
  // Free segments are as many as were once needed, and a thread keeps some that it writes: not one more each batch.
  const most = (what: keyof Size) => Math.max(...sizes.map((size) => size[what]))
  expect(most('bytes'), 'segments are used again').toBeLessThan(4 * most('live'))
})
