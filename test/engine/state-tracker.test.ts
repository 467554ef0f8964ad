import { beforeEach, describe, expect, test } from 'vitest'
import { StateTracker } from '#build/engine/state/state-tracker.js'
import type { BlockManager } from '#build/engine/storage/block-manager.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import type { StatefulDataset } from './#build/ops/dataset.js'

const OPERATOR = 7
const block = (id: number) => ({ id }) as BlockHandle
const version = (time: number) =>
  ({ operator: OPERATOR, time, previous: time > 1000 ? time - 1000 : undefined }) as unknown as StatefulDataset

let alive: Set<number>
let remembered: number
const retention = { rememberDuration: () => remembered }
let released: number[]
/** Reports to the tracker that the bytes of a block are wrong. */
let lost: Map<number, () => void>
let tracker: StateTracker
/** The name of the snapshot that was taken last. */
let last: string | undefined
beforeEach(() => {
  alive = new Set([1, 2, 3])
  remembered = 0
  released = []
  lost = new Map()
  const blocks = {
    register: ({ id }: BlockHandle, _writer: number, { onLost }: { onLost: () => void }) => lost.set(id, onLost),
    release: (id: number) => released.push(id),
  } as unknown as BlockManager
  last = undefined
  tracker = new StateTracker({ blocks, interval: 3, threads: { owners: () => [...alive] }, retention })
  for (const time of [1000, 2000, 3000, 4000, 5000]) tracker.register(version(time))
})

const made = (time: number, thread: number) => tracker.made(OPERATOR, 0, thread, time)
const plan = (time: number) => tracker.plan(version(time), 0)
/** Full ones have all keys too, in a block of their own; others go on from the one that was taken before. */
function snapshot(time: number, id: number, full = true, partitions = 1): void {
  const alone = { after: undefined, keys: { full: true, block: block(id + 5) } }
  const going = { after: last, keys: undefined }
  last = `${id}`
  const of = { time, full, block: block(id), name: last, ...(full ? alone : going) }
  tracker.snapshotTaken(OPERATOR, 0, partitions, of, 1)
}
const replayed = (time: number) => plan(time).rebuild?.replay.map((rdd) => rdd.time)
function lose(thread: number): void {
  alive.delete(thread)
  tracker.dropHolder(thread)
}

describe('where a version is made', () => {
  test('the next one, and the same once more, on the thread that holds it', () => {
    made(1000, 2)
    expect(plan(2000)).toMatchObject({ thread: 2, detached: false, rebuild: undefined })
    expect(plan(1000)).toMatchObject({ thread: 2, detached: false, rebuild: undefined })
  })

  test('an old one aside, by a rebuild, also when the thread that held the newest is dead', () => {
    for (const time of [1000, 2000, 3000]) made(time, 2)
    const old = { thread: undefined, detached: true, snapshot: false }
    expect(plan(2000)).toMatchObject(old)
    lose(2)
    expect(plan(2000)).toMatchObject(old)
    expect(plan(3000)).toMatchObject({ thread: undefined, detached: false })
    expect([replayed(2000), replayed(3000), replayed(4000)]).toEqual([[1000], [1000, 2000], [1000, 2000, 3000]])
  })

  test('of two that are made at once the newer one counts, whichever is finished first', () => {
    made(1000, 1)
    made(3000, 2)
    made(2000, 3)
    expect(plan(4000)).toMatchObject({ thread: 2, rebuild: undefined })
  })

  test('a version that was skipped never was; the one before is asked for again', () => {
    for (const time of [1000, 2000, 3000]) made(time, 2)
    tracker.drop(OPERATOR, 3000)
    expect(plan(2000)).toMatchObject({ detached: true })
    const next = { operator: OPERATOR, time: 4000, previous: 2000 } as unknown as StatefulDataset
    tracker.register(next)
    expect(tracker.plan(next, 0)).toMatchObject({ thread: undefined, detached: false })
    expect(tracker.plan(next, 0).rebuild?.replay.map((rdd) => rdd.time)).toEqual([1000, 2000])
  })

  test('a task that outlives its skipped batch changes nothing', () => {
    for (const time of [1000, 2000]) made(time, 2)
    tracker.drop(OPERATOR, 3000)
    made(3000, 3)
    snapshot(3000, 30)
    expect(released).toEqual([35, 30])
    const next = { operator: OPERATOR, time: 4000, previous: 2000 } as unknown as StatefulDataset
    tracker.register(next)
    expect(tracker.plan(next, 0)).toMatchObject({ thread: 2, rebuild: undefined })
  })
})

describe('snapshots', () => {
  test('every third version, counted once each', () => {
    expect(plan(1000).snapshot).toBe(false)
    made(1000, 1)
    made(1000, 2)
    expect(plan(2000).snapshot).toBe(false)
    made(2000, 1)
    expect(plan(2000).snapshot).toBe(false)
    expect(plan(3000).snapshot).toBe(true)
  })

  test('as many partitions as there are threads take theirs together, the others in batches of their own', () => {
    const due = (threads: number) => {
      const blocks = { register: () => {}, release: () => {} } as unknown as BlockManager
      const other = new StateTracker({
        blocks,
        interval: 3,
        threads: { owners: () => [1] },
        retention,
        together: threads,
      })
      const first = (p: number) =>
        [1000, 2000, 3000].find((time) => {
          const { snapshot } = other.plan(version(time), p)
          other.made(OPERATOR, p, 1, time)
          return snapshot
        })
      return [0, 1, 2, 3, 4, 5].map(first)
    }
    expect(due(1)).toEqual([3000, 2000, 1000, 3000, 2000, 1000])
    expect(due(2)).toEqual([3000, 3000, 2000, 2000, 1000, 1000])
    expect(due(4)).toEqual([3000, 3000, 3000, 3000, 2000, 2000])
  })

  test('one that is older than another is of no use', () => {
    for (const time of [1000, 2000, 3000]) made(time, 1)
    snapshot(3000, 30)
    snapshot(2000, 20, false)
    expect(released).toEqual([20])
    lose(1)
    expect(plan(4000).rebuild).toEqual({ keys: [block(35)], snapshots: [block(30)], last: '30', replay: [] })
  })

  test('a rebuild begins with the last full one, and the increments after it', () => {
    for (const time of [1000, 2000, 3000, 4000]) made(time, 1)
    snapshot(1000, 10)
    snapshot(2000, 20)
    snapshot(3000, 30, false)
    lose(1)
    expect(plan(5000).rebuild!.snapshots).toEqual([block(20), block(30)])
    expect(replayed(5000)).toEqual([4000])
  })
})

describe('a snapshot whose bytes are wrong', () => {
  test('older ones and the versions since take its place, and increments that stood on it go', () => {
    for (const time of [1000, 2000, 3000, 4000, 5000]) made(time, 1)
    // Versions that an older snapshot needs are there as long as another partition has none that is newer.
    const take = (time: number, id: number, full = true) => snapshot(time, id, full, 2)
    remembered = 4000
    take(1000, 10)
    take(2000, 20, false)
    take(3000, 30, false)
    take(4000, 40, false)
    lose(1)
    expect(plan(6000).rebuild!.snapshots).toEqual([10, 20, 30, 40].map(block))
    lost.get(30)!()
    expect(released).toEqual([30, 40])
    expect(plan(6000).rebuild!.snapshots).toEqual([10, 20].map(block))
    expect(replayed(6000)).toEqual([3000, 4000, 5000])
    lost.get(10)!()
    expect(plan(6000).rebuild!.snapshots).toEqual([])
    expect(replayed(6000)).toEqual([1000, 2000, 3000, 4000, 5000])
  })

  test('the next one is due at once, and a full one; increments that were under way are of no use', () => {
    for (const time of [1000, 2000]) made(time, 1)
    snapshot(1000, 10)
    snapshot(2000, 20, false)
    expect(plan(3000).snapshot).toBe(false)
    lost.get(20)!()
    expect(plan(3000).snapshot).toBe('full')
    made(3000, 1)
    snapshot(3000, 30, false)
    expect(released).toEqual([20, 30])
    expect(plan(4000).snapshot).toBe('full')
    made(4000, 1)
    snapshot(4000, 40)
    for (const time of [5000, 6000]) made(time, 1)
    expect(plan(7000).snapshot, 'increments go on from it').toBe(true)
  })

  test('one that newer full ones have made needless breaks nothing', () => {
    remembered = 4000
    for (const time of [1000, 2000, 3000, 4000]) made(time, 1)
    snapshot(1000, 10)
    snapshot(4000, 40)
    lost.get(10)!()
    expect(plan(5000).snapshot).toBe(false)
    lose(1)
    expect(plan(5000).rebuild).toMatchObject({ keys: [block(45)], snapshots: [block(40)], replay: [] })
  })

  test('with nothing to fall back to, the error says so', () => {
    made(1000, 1)
    made(2000, 1)
    snapshot(2000, 20)
    lost.get(20)!()
    lose(1)
    expect(() => plan(3000)).toThrow(
      expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_LOST', message: expect.stringContaining('corrupt') }),
    )
  })
})

describe('keys in blocks of their own', () => {
  /** A snapshot with new keys. */
  const take = (time: number, id: number, { full, all = false }: { full: boolean; all?: boolean }, after = last) => {
    last = `${id}`
    const keys = { full: all, block: block(id + 5) }
    const of = { time, full, block: block(id), name: last, after: all ? undefined : after, keys }
    tracker.snapshotTaken(OPERATOR, 0, 1, of, 1)
  }
  const rebuilt = (time: number) => {
    const { keys, snapshots } = plan(time).rebuild!
    return { keys: keys.map(({ id }) => id), values: snapshots.map(({ id }) => id) }
  }

  test('outlive the values that they came with, until there is a block of all keys', () => {
    for (const time of [1000, 2000, 3000, 4000]) made(time, 1)
    take(1000, 10, { full: true, all: true })
    take(2000, 20, { full: false })
    take(3000, 30, { full: true })
    expect(released).toEqual([10, 20])
    lose(1)
    expect(rebuilt(4000)).toEqual({ keys: [15, 25, 35], values: [30] })
    take(4000, 40, { full: true, all: true })
    expect(released).toEqual([10, 20, 30, 15, 25, 35])
    expect(rebuilt(5000)).toEqual({ keys: [45], values: [40] })
  })

  test('an older version takes those of its time only', () => {
    remembered = 9000
    for (const time of [1000, 2000, 3000]) made(time, 1)
    take(1000, 10, { full: true, all: true })
    take(2000, 20, { full: false })
    take(3000, 30, { full: true, all: true })
    lose(1)
    expect(rebuilt(3000)).toEqual({ keys: [15, 25], values: [10, 20] })
    expect(rebuilt(4000)).toEqual({ keys: [35], values: [30] })
  })

  test('if they are wrong, all values that stand on them are gone', () => {
    remembered = 9000
    for (const time of [1000, 2000, 3000]) made(time, 1)
    take(1000, 10, { full: true, all: true })
    take(2000, 20, { full: true })
    take(3000, 30, { full: false })
    lost.get(25)!()
    expect(released).toEqual([20, 30, 25, 35])
    expect(plan(4000).snapshot).toBe('full')
    lose(1)
    expect(rebuilt(4000)).toEqual({ keys: [15], values: [10] })
  })

  test('lost values do not take the keys along that later snapshots count from', () => {
    remembered = 9000
    for (const time of [1000, 2000, 3000]) made(time, 1)
    take(1000, 10, { full: true, all: true })
    take(2000, 20, { full: false })
    take(3000, 30, { full: true })
    lost.get(20)!()
    expect(released).toEqual([20])
    expect(plan(4000).snapshot).toBe(false)
    lose(1)
    expect(rebuilt(4000)).toEqual({ keys: [15, 25, 35], values: [30] })
  })

  test('values that stand on keys of another copy of the partition are refused, all values too; the next stands alone', () => {
    for (const time of [1000, 2000]) made(time, 1)
    take(1000, 10, { full: true, all: true })
    take(2000, 20, { full: true }, 'of another')
    expect(released).toEqual([25, 20])
    expect(plan(3000).snapshot).toBe('full')
    lose(1)
    expect(rebuilt(3000)).toEqual({ keys: [15], values: [10] })
  })
})
