import { describe, expect, test } from 'vitest'
import { Newcomers } from '#build/engine/newcomers.js'
import type { Attempt } from '#build/engine/task.js'
import type { PoolThread } from '#build/pool/pool-thread.js'
import { gather, manual, needsPractice, run } from './support.js'

test('a thread that is free does what the successor of a dead one does not come to an end with', async () => {
  const { ssc } = manual({ threads: 2, parallelism: 4 })
  ssc
    .queueStream([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [101, 102, 103, 104],
    ])
    .map(needsPractice)
    .output('same')
  let copies = 0
  ssc.on('taskSpeculated', () => copies++)
  await ssc.start()
  const same = gather<number>(ssc, 'same')
  const pool = ssc.context.engine.pool!
  await run(ssc, 2)
  expect(copies).toBe(0)
  await pool.whenStrong()
  await pool.terminate(pool.ready()[0]!)
  await run(ssc, 1)
  expect(copies).toBeGreaterThan(0)
  await ssc.stop()
  expect((await same).map(({ records }) => records)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [101, 102, 103, 104],
  ])
})

describe('what is copied', () => {
  const [newcomer, other, helper] = [1, 2, 3].map((id) => ({ id }) as PoolThread) as [
    PoolThread,
    PoolThread,
    PoolThread,
  ]
  const PROGRAM = 7
  const attempt = (change: { task?: object; sink?: object; steps?: object[]; states?: object[] } = {}) =>
    ({
      task: { done: false, live: 1, ...change.task },
      planned: {
        states: change.states ?? [],
        program: { plan: { op: 'chain', steps: change.steps ?? [] }, sink: change.sink ?? { op: 'count' } },
      },
      program: PROGRAM,
    }) as unknown as Attempt
  const slow = (of: Attempt, newcomers = joined(), thread = newcomer) =>
    newcomers.slow(new Map([[thread, [of]]]), helper).length === 1
  function joined(): Newcomers {
    const newcomers = new Newcomers()
    newcomers.joined(newcomer.id)
    return newcomers
  }

  test('tasks of newcomers, not of others, and not twice', () => {
    expect(slow(attempt())).toBe(true)
    expect(slow(attempt(), joined(), other)).toBe(false)
    expect(slow(attempt({ task: { live: 2 } }))).toBe(false)
    expect(slow(attempt({ task: { done: true } }))).toBe(false)
  })

  test('nothing by a thread that is new itself', () => {
    const newcomers = joined()
    newcomers.joined(helper.id)
    expect(slow(attempt(), newcomers)).toBe(false)
  })

  test('no task that holds state, writes to the outside or awaits calls', () => {
    expect(slow(attempt({ states: [{}] }))).toBe(false)
    expect(slow(attempt({ sink: { op: 'apply' } }))).toBe(false)
    expect(slow(attempt({ steps: [{ op: 'map' }, { op: 'mapAsync' }] }))).toBe(false)
  })

  test('nothing any more once the newcomer has run the program some times, or is dead', () => {
    const practised = joined()
    for (let i = 0; i < 4; i++) {
      expect(slow(attempt(), practised)).toBe(true)
      practised.ran(newcomer.id, PROGRAM)
    }
    expect(slow(attempt(), practised)).toBe(false)
    const dead = joined()
    dead.left(newcomer.id)
    expect(slow(attempt(), dead)).toBe(false)
  })

  test('nothing any more after many tasks of any kind', () => {
    const newcomers = joined()
    for (let program = 1000; program < 1200; program++) newcomers.ran(newcomer.id, program)
    expect(slow(attempt(), newcomers)).toBe(false)
  })
})
