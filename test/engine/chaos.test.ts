import type { StreamingContext } from 'millrace'
import { describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { countOf, gather, manual, random, run, sorted } from './support.js'

const SEED = Number(process.env.SEED ?? 20261122)

/**
 * Kills as asked, at a moment of the batch that the seed chooses: before it, or after so many of its tasks. Some batches
 * come after a quiet moment, in which the spare warms up.
 */
function killer(ssc: StreamingContext, next: () => number): (batch: number) => Promise<void> {
  return async () => {
    const { pool } = localEngineOf(ssc)
    if (next() < 0.25) await new Promise((resolve) => setTimeout(resolve, 12 * next()))
    const ready = pool!.ready()
    const draw = next()
    if (draw < 0.02) for (const thread of pool!.threads()) void thread.worker.terminate()
    else if (draw < 0.18 && ready.length > 0) {
      const victim = ready[Math.floor(next() * ready.length)]!
      // A terminate() that is asked for now lands while the batch's tasks run, a few ms from now.
      if (next() < 0.5) void victim.worker.terminate()
      else setTimeout(() => void victim.worker.terminate(), Math.floor(next() * 8))
    }
  }
}

describe.each([
  [1, 'reference'],
  [2, 'reference'],
  [2, 'copy'],
] as const)('kills of random threads on %i threads, replicas by %s', (threads, replication) => {
  test(`every batch of 200 equals the model (SEED=${SEED})`, async () => {
    const next = random(SEED + threads)
    const batches = 200
    const data = Array.from({ length: batches }, () =>
      Array.from({ length: Math.floor(next() * 120) }, () => `w${Math.floor(next() * next() * 40)}`),
    )
    const { ssc } = manual({ threads, replication })
    const words = ssc.queueStream(data.map((batch) => [...batch]))
    words
      .map((word) => [word, 1] as [string, number])
      .reduceByKey((a, b) => a + b)
      .output('counts')
    words.countByValueAndWindow('10s', '2s').output('window')
    words.window('5s').count().output('size')
    let lost = 0
    ssc.on('threadLost', () => lost++)
    await ssc.start()
    const outputs = Promise.all([
      gather<[string, number]>(ssc, 'counts'),
      gather<[string, number]>(ssc, 'window'),
      gather<number>(ssc, 'size'),
    ])
    await run(ssc, batches, killer(ssc, next))
    await ssc.stop()
    const [counts, window, size] = await outputs
    expect(counts.map((batch) => batch.time)).toEqual(data.map((_, i) => (i + 1) * 1000))
    data.forEach((batch, i) => {
      expect(sorted(counts[i]!.records), `batch ${i}`).toEqual(sorted(countOf(batch)))
      expect(size[i]!.records, `window size at batch ${i}`).toEqual([
        data.slice(Math.max(0, i - 4), i + 1).flat().length,
      ])
    })
    window.forEach((batch, i) => {
      const last = 2 * i + 1
      expect(sorted(batch.records), `window at ${batch.time}`).toEqual(
        sorted(countOf(data.slice(Math.max(0, last - 9), last + 1).flat())),
      )
    })
    expect(window).toHaveLength(batches / 2)
    expect(lost).toBeGreaterThan(10)
  })
})
