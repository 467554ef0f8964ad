import { expect, test } from 'vitest'
import { ReceivedStore } from '#build/spark/received-store.js'
import { KEYS, nameOf, packStateBlock, SNAPSHOT } from '#build/spark/state-block.js'
import { StateBook } from '#build/spark/state-book.js'
import { StateChains } from '#build/spark/state-chains.js'

/** The chain of a partition as the executor packs it: a known block without its payload. */
function chain(partition: number, versions: readonly number[], known: readonly string[]): Buffer {
  const blocks = versions.flatMap((time, i) =>
    [KEYS, SNAPSHOT].map((key) => {
      const name = nameOf(`p${partition}${key}/`, i, String(time))
      const payload = known.includes(name) ? Buffer.alloc(0) : Buffer.from(`${key} at ${time} of ${partition}`)
      const codec = key === KEYS ? ('records' as const) : ('shuffle' as const)
      const block = Buffer.concat(packStateBlock(partition, { full: i === 0, name, count: 1, codec, payload }))
      const head = Buffer.alloc(8)
      head.writeInt32BE(key, 0)
      head.writeInt32BE(block.length, 4)
      return Buffer.concat([head, block])
    }),
  )
  return Buffer.concat(blocks)
}

test('a checkpoint brings only blocks that no file has, some partitions at a time', async () => {
  const store = new ReceivedStore(2 ** 20)
  const chains = new StateChains(store.blocks)
  const asked: (readonly number[])[] = []
  let unknown = 0
  const take = async (versions: number[], isSaved = true) => {
    const { partitions, release } = await chains.take(
      { operator: 3, isSaved: () => isSaved },
      20,
      async (some, known) => {
        asked.push(some)
        unknown = known.length
        return some.map((partition) => chain(partition, versions, known))
      },
    )
    const blocks = store.size
    release()
    return { rows: partitions[19]!, blocks }
  }
  const first = await take([1000])
  expect(asked.map((some) => some.length)).toEqual([16, 4])
  expect(first.blocks).toBe(40)
  expect(store.size).toBe(0)
  const second = await take([1000, 2000])
  expect(unknown).toBe(40)
  expect(second.blocks).toBe(40)
  expect(second.rows.snapshots.map(({ time, full, after }) => [time, full, after])).toEqual([
    [1000, true, undefined],
    [2000, false, second.rows.snapshots[0]!.name],
  ])
  expect(second.rows.keys.map(({ time, full }) => [time, full])).toEqual([
    [1000, true],
    [2000, false],
  ])
  expect(second.rows.snapshots[0]!.block).toEqual(first.rows.snapshots[0]!.block)
  // Files that were removed are written again.
  expect((await take([1000, 2000], false)).blocks).toBe(80)
})

test('blocks of an earlier process are freed once two versions follow, and the first of them is stored durably', () => {
  const store = new ReceivedStore(2 ** 20)
  const retention = { rememberDuration: () => 1000 }
  const book = new StateBook({ interval: 100, retention, blocks: store.blocks })
  const rows = () => {
    const block = store.blocks.write('records', ['key'])
    const row = { time: 1000, full: true, block }
    return { keys: [row], snapshots: [] }
  }
  book.restore(3, 1, 1000, rows())
  book.restore(3, 0, 1000, rows())
  expect(book.restoredRows(3, 1000)).toHaveLength(2)
  const version = (time: number, previous: number) => ({ operator: 3, time, previous, partitions: 2 }) as never
  expect(book.enter(version(2000, 1000), 7)).toEqual({ isCheckpoint: true, unused: [] })
  // The batch was skipped, so the next one continues the restored version too.
  book.drop(3, 2000)
  expect(book.enter(version(3000, 1000), 8)).toEqual({ isCheckpoint: true, unused: [7] })
  expect(store.size).toBe(2)
  expect(book.enter(version(4000, 3000), 9)).toEqual({ isCheckpoint: false, unused: [] })
  expect(store.size).toBe(0)
  expect(book.restoredRows(3, 1000)).toBeUndefined()
})
