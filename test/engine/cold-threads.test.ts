import { pure } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, needsPractice, run } from './support.js'

test('an idle thread finishes what the replacement of a dead thread does not', async () => {
  const { ssc } = manual({ threads: 2, parallelism: 4, spare: false })
  ssc
    .queueStream([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [101, 102, 103, 104],
    ])
    .map(pure(needsPractice))
    .output('same')
  let copies = 0
  ssc.on('taskSpeculated', () => copies++)
  await ssc.start()
  const same = gather<number>(ssc, 'same')
  const pool = localEngineOf(ssc).pool!
  await run(ssc, 2)
  expect(copies).toBe(0)
  await pool.terminate(pool.ready()[0]!)
  await pool.whenStrong()
  await run(ssc, 1)
  expect(copies).toBeGreaterThan(0)
  await ssc.stop()
  expect((await same).map(({ records }) => records)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [101, 102, 103, 104],
  ])
})
