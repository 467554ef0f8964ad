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
 * Writes the entries, or what changed since the last snapshot: a block of three parts, keys that were deleted, pairs that
 * were set (after that, where a key is among both), and when each was last touched if the operator asks for that.
 */
export function writeSnapshot(
  state: StatePartition,
  key: string,
  mustBeFull: boolean,
  services: ThreadServices,
): WrittenBlock {
  const { entries, changed, chain } = state
  const longer = { blocks: chain.blocks + 1, entries: chain.entries + (changed?.length ?? 0) }
  const mayGrow = longer.blocks <= LONGEST_CHAIN && longer.entries < entries.size * FULL_FROM
  const increment = mayGrow && !mustBeFull ? changed : undefined
  const keys: unknown[] = []
  const values: unknown[] = []
  const times: number[] = []
  const deleted: unknown[] = []
  let touched = false
  for (const cell of increment ?? entries.cells()) {
    if (!cell.alive) {
      deleted.push(cell.key)
      continue
    }
    keys.push(cell.key)
    values.push(cell.value)
    times.push(cell.time)
    touched ||= cell.time !== 0
  }
  const parts = new ShuffleBlockWriter(services.scratch, 3)
  parts.records(0, deleted)
  parts.pairs(1, keys, values)
  parts.records(2, touched ? times : [])
  const block = services.seal('shuffle', keys.length + deleted.length, 'long')
  state.snapshotAt = state.version
  state.chainWritten = increment ? longer : NO_CHAIN
  return { as: 'snapshot', key, full: increment === undefined, block }
}

/**
 * Applies a full snapshot, or an increment after those before it. Verifies the bytes, at a small part of what decoding
 * them costs: the thread that wrote them is dead as a rule, and nothing would make up for wrong ones.
 */
export function readSnapshot({ entries }: StatePartition, block: BlockHandle, { segments }: ThreadServices): void {
  const { keys, values, times, deleted } = segments.readVerified(block, (payload) => ({
    deleted: decodeRecords(readPart(payload, 0).bytes),
    ...decodePairs(readPart(payload, 1).bytes),
    times: decodeRecords(readPart(payload, 2).bytes) as number[],
  }))
  for (const key of deleted) {
    const cell = entries.cell(key)
    if (cell) entries.remove(cell)
  }
  for (let i = 0; i < keys.length; i++) {
    const cell = entries.cell(keys[i])
    if (!cell) entries.add(keys[i], values[i], times[i])
    else {
      cell.value = values[i]
      cell.time = times[i] ?? 0
    }
  }
}
