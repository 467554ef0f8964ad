import type { BlockHandle } from '../../blocks/handle.js'
import { decodePairs, decodeRecords } from '../../blocks/records-codec.js'
import { readPart, ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { WrittenBlock } from '../../protocol.js'
import type { ThreadServices } from '../task.js'
import type { StatePartition } from './store.js'

/** An increment that holds more than this part of the entries is written as a full snapshot. */
const FULL_FROM = 0.5

/**
 * Writes the entries, or what changed since the last snapshot: a block of two parts, pairs that were set and keys that
 * were deleted.
 */
export function writeSnapshot(state: StatePartition, key: string, services: ThreadServices): WrittenBlock {
  const { entries, changed } = state
  const increment = changed !== undefined && changed.size < entries.size * FULL_FROM ? changed : undefined
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
