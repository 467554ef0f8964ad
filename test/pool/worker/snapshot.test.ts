import { expect, test } from 'vitest'
import { SnapshotChain } from '#build/engine/state/snapshot-chain.js'
import type { BlockManager } from '#build/engine/storage/block-manager.js'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { SegmentWriter } from '#build/pool/blocks/segment-writer.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'
import { SegmentTable } from '#build/pool/worker/runtime/segment-table.js'
import type { ThreadServices } from '#build/pool/worker/runtime/task.js'
import { Changes } from '#build/pool/worker/state/changes.js'
import { readSnapshots, writeSnapshot } from '#build/pool/worker/state/snapshot.js'
import { beginIncrement, emptyState, type StatePartition } from '#build/pool/worker/state/store.js'
import { random } from '../../engine/support.js'

const scratch = new ByteWriter()
const writer = new SegmentWriter(1)
const segments = new SegmentTable()
const services = {
  scratch,
  segments,
  seal: (codec, count, lifetime) => {
    const block = writeBlock(writer, scratch.bytes(), { codec, count, lifetime })
    segments.add(writer.report().created)
    return block
  },
} as ThreadServices

function step(state: StatePartition, time: number, change: (changes: Changes) => void): void {
  if (state.version !== undefined && state.snapshotAt === state.version) beginIncrement(state, state.chainWritten)
  const changes = new Changes(state)
  change(changes)
  changes.keep(state)
  state.version = time
}

const contents = ({ entries }: StatePartition) =>
  [...entries.alive()].map((slot) => [entries.key(slot), entries.values[slot], entries.time(slot)])
const keyOf = (n: number) => (n % 5 === 0 ? ['composite', n] : n % 5 === 1 ? n : `a key of more than 13 units ${n}`)

test.each([
  {
    name: 'a few of many keys change',
    keys: 3000,
    changing: 40,
    deleted: 0.4,
    kinds: ['all values, all keys', 'changed values, new keys'],
  },
  {
    name: 'most of many keys come and go',
    keys: 3000,
    changing: 2500,
    deleted: 0.4,
    kinds: ['all values, all keys', 'all values, new keys'],
  },
  {
    name: 'keys stay',
    keys: 3000,
    changing: 700,
    deleted: 0,
    kinds: ['all values, all keys', 'all values, no keys', 'changed values, no keys'],
  },
  {
    name: 'there is a handful of keys',
    keys: 30,
    changing: 10,
    deleted: 0.4,
    kinds: ['all values, all keys', 'changed values, new keys'],
  },
])('where $name: what is read back is what was written', ({ keys, changing, deleted, kinds: expected }) => {
  const next = random(7)
  let state = emptyState()
  const chain = new SnapshotChain({ release: () => {} } as unknown as BlockManager)
  const kinds = new Set<string>()
  for (let time = 1; time <= 60; time++) {
    step(state, time, (changes) => {
      for (let i = 0; i < (time === 1 ? keys : changing); i++) {
        const key = keyOf(time === 1 ? i : Math.floor(next() * keys * (deleted > 0 ? 2 : 1)))
        if (next() < deleted && time > 1) changes.delete(key)
        else changes.set(key, time + i / 2)
      }
    })
    // Not in every version; and as after a task that failed when it had written.
    if (time % 3 === 1) continue
    if (next() < 0.3) writeSnapshot(state, services, { key: '', allKeys: false, timed: true })
    const written = writeSnapshot(state, services, { key: '', allKeys: false, timed: true })
    const { full = false, name, after, block } = written.at(-1)!
    const [of] = written.filter(({ as }) => as === 'keys')
    kinds.add(`${full ? 'all' : 'changed'} values, ${of?.full ? 'all' : of ? 'new' : 'no'} keys`)
    const snapshot = { time, full, name, after, block, keys: of }
    expect(chain.continues(snapshot)).toBe(true)
    chain.add(snapshot, time)
    const again = emptyState()
    beginIncrement(again, readSnapshots(again, chain.upTo(time), services))
    again.version = time
    expect(contents(again)).toEqual(contents(state))
    // Now and then another thread continues from the state that it has read.
    if (next() < 0.3) state = again
  }
  for (const kind of expected) expect(kinds).toContain(kind)
})
