import type { BlockHandle } from '../../blocks/handle.js'
import { decodePairs, decodeRecords } from '../../blocks/records-codec.js'
import { readPart, ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { WrittenBlock } from '../../protocol.js'
import type { ThreadServices } from '../task.js'
import { NO_CHAIN, type StatePartition } from './store.js'

/**
 * Increments that together would hold more than this part of the entries make way for a full snapshot: a rebuild reads at
 * most one and a half times the state, and full ones cost at most twice what was written in increments before.
 */
const FULL_FROM = 0.5
/** Increments are blocks that stay until the next full snapshot, also where next to nothing changes. */
const LONGEST_CHAIN = 100

/**
 * Writes the entries, or what changed since the last snapshot: a block of two parts, pairs that were set and keys that
 * were deleted.
 */
export function writeSnapshot(state: StatePartition, key: string, services: ThreadServices): WrittenBlock {
  const { entries, changed, chain } = state
  const longer = { blocks: chain.blocks + 1, entries: chain.entries + (changed?.size ?? 0) }
  const mayGrow = longer.blocks <= LONGEST_CHAIN && longer.entries < entries.size * FULL_FROM
  const increment = mayGrow ? changed : undefined
  const keys: unknown[] = []
  const values: unknown[] = []
  const deleted: unknown[] = []
  if (increment) {
    for (const [changedKey, there] of increment.entries()) {
      if (there) {
        keys.push(changedKey)
        values.push(entries.get(changedKey))
      } else deleted.push(changedKey)
    }
  } else {
    for (const [entryKey, value] of entries.entries()) {
      keys.push(entryKey)
      values.push(value)
    }
  }
  const parts = new ShuffleBlockWriter(services.scratch, 2)
  parts.pairs(0, keys, values)
  parts.records(1, deleted)
  const block = services.seal('shuffle', parts.count, 'long')
  state.snapshotAt = state.version
  state.chainWritten = increment ? longer : NO_CHAIN
  return { as: 'snapshot', key, full: increment === undefined, block }
}

/** Applies a full snapshot, or an increment after those before it. */
export function readSnapshot(state: StatePartition, block: BlockHandle, { segments }: ThreadServices): void {
  const payload = segments.open(block)
  const set = readPart(payload, 0)
  if (set.count > 0) {
    const { keys, values } = decodePairs(set.bytes)
    for (let i = 0; i < keys.length; i++) state.entries.set(keys[i], values[i])
  }
  const deleted = readPart(payload, 1)
  if (deleted.count > 0) for (const key of decodeRecords(deleted.bytes)) state.entries.delete(key)
}
