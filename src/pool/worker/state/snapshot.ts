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
export function writeSnapshot(
  state: StatePartition,
  key: string,
  mustBeFull: boolean,
  services: ThreadServices,
): WrittenBlock {
  const { entries, changed, chain } = state
  const longer = { blocks: chain.blocks + 1, entries: chain.entries + (changed?.size ?? 0) }
  const mayGrow = longer.blocks <= LONGEST_CHAIN && longer.entries < entries.size * FULL_FROM
  const increment = mayGrow && !mustBeFull ? changed : undefined
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

/**
 * Applies a full snapshot, or an increment after those before it. Verifies the bytes, at a small part of what decoding
 * them costs: the thread that wrote them is dead as a rule, and nothing would make up for wrong ones.
 */
export function readSnapshot({ entries }: StatePartition, block: BlockHandle, { segments }: ThreadServices): void {
  const { keys, values, deleted } = segments.readVerified(block, (payload) => ({
    ...decodePairs(readPart(payload, 0).bytes),
    deleted: decodeRecords(readPart(payload, 1).bytes),
  }))
  for (let i = 0; i < keys.length; i++) entries.set(keys[i], values[i])
  for (const key of deleted) entries.delete(key)
}
