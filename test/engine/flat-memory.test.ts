import { StateSpec } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

/** Each round of batches brings as many new keys as it lets go. */
const KEYS = 40
const BATCHES = 80

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
  const sizes: { bytes: number; live: number; blocks: number; owned: number }[] = []
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
  const most = (of: typeof sizes, what: 'bytes' | 'live' | 'blocks' | 'owned') =>
    Math.max(...of.map((size) => size[what]))
  const [early, late] = [sizes.slice(BATCHES / 4, (BATCHES * 5) / 8), sizes.slice((BATCHES * 5) / 8)]
  for (const what of ['bytes', 'live', 'blocks', 'owned'] as const)
    expect(most(late, what), what).toBeLessThanOrEqual(1.25 * most(early, what))
})
