import { decodeInts, decodeRecords, encodeRecords } from '../../blocks/records-codec.js'
import { readPart, ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { StateRecipe, WrittenBlock } from '../../protocol.js'
import type { ThreadServices } from '../task.js'
import type { Chain, StatePartition } from './store.js'
import type { Cell } from './table.js'

/**
 * Increments that together would hold more than this part of the entries make way for all values: a rebuild reads at most
 * one and a half times the state, and snapshots of all cost at most twice what was written in increments before.
 */
const ALL_FROM = 0.5
/** Increments are blocks that stay until the next snapshot of all values, also where next to nothing changes. */
const LONGEST_CHAIN = 100
/** Blocks of keys, each of which may be the last one in its segment, and keeps all of it. */
const LONGEST_KEY_CHAIN = 16
/** So few are written again with all values. */
const FEW_KEYS = 1000

export interface SnapshotRequest {
  /** What the driver knows the snapshot by. */
  readonly key: string
  /** It must not continue others. */
  readonly allKeys: boolean
  /** The operator asks when each key was last touched. */
  readonly timed: boolean
}

/**
 * Writes a snapshot, in one block or two. Keys are written when they are new, into a block of their own: their places in
 * all of these blocks are their ids. Values come with ids, either all or those that changed since the last snapshot. So a
 * key is encoded once, which costs several times what a number does.
 *
 * The parts of a block of values: ids of deleted keys, ids, values, and when each was last touched, if asked for.
 */
export function writeSnapshot(
  state: StatePartition,
  services: ThreadServices,
  { key, allKeys, timed }: SnapshotRequest,
): WrittenBlock[] {
  const { entries, changed, chain } = state
  const longer = { increments: chain.increments + 1, entries: chain.entries + (changed?.length ?? 0) }
  const mayGrow = longer.increments <= LONGEST_CHAIN && longer.entries < entries.size * ALL_FROM
  const anew =
    allKeys ||
    !changed ||
    chain.keyBlocks >= LONGEST_KEY_CHAIN ||
    // Half of what the blocks hold are keys that were deleted.
    entries.ids > 2 * entries.size + FEW_KEYS ||
    (!mayGrow && entries.size <= FEW_KEYS) ||
    // A second attempt: the first has changed the ids.
    (state.identifiedAnew && state.snapshotAt === state.version)
  if (anew) entries.identifyAnew()
  const full = anew || !mayGrow
  const keys = entries.fresh.length > 0 || anew ? writeKeys(entries.fresh, services) : undefined
  const block = full
    ? writeValues(entries.cells(), entries.size, timed, services)
    : writeValues(changed, changed.length, timed, services)
  state.snapshotAt = state.version
  state.identifiedAnew = anew
  state.copy ??= block.id
  const name = `${state.copy}@${state.version}`
  const keyBlocks = (anew ? 0 : chain.keyBlocks) + (keys ? 1 : 0)
  state.chainWritten = { ...(full ? { increments: 0, entries: 0 } : longer), keyBlocks, last: name }
  const written: WrittenBlock = { as: 'snapshot', key, full, name, after: anew ? undefined : chain.last, block }
  return keys ? [{ as: 'keys', key, full: anew, block: keys }, written] : [written]
}

/**
 * Applies snapshots to an empty partition, the first of which holds all values; answers with what the next may continue.
 * Verifies the bytes, at a small part of what decoding them costs: the thread that wrote them is dead as a rule, and
 * nothing would make up for wrong ones.
 */
export function readSnapshots(
  { entries }: StatePartition,
  { keys: keyBlocks, snapshots, last }: StateRecipe,
  { segments }: ThreadServices,
): Chain {
  const keys: unknown[] = []
  for (const block of keyBlocks) for (const key of segments.readVerified(block, decodeRecords)) keys.push(key)
  const cells = new Array<Cell | undefined>(keys.length)
  for (const block of snapshots) {
    const { deleted, ids, values, times } = segments.readVerified(block, (payload) => ({
      deleted: decodeInts(readPart(payload, 0).bytes),
      ids: decodeInts(readPart(payload, 1).bytes),
      values: decodeRecords(readPart(payload, 2).bytes),
      times: decodeRecords(readPart(payload, 3).bytes) as number[],
    }))
    for (const id of deleted) {
      const cell = cells[id]
      if (cell) entries.remove(cell)
      cells[id] = undefined
    }
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      const time = times[i] ?? 0
      const cell = cells[id]
      if (!cell) cells[id] = entries.restore(id, keys[id], values[i], time)
      else {
        cell.value = values[i]
        cell.time = time
      }
    }
  }
  entries.restored(keys.length)
  const increments = snapshots.slice(1)
  return {
    increments: increments.length,
    entries: increments.reduce((sum, { count }) => sum + count, 0),
    keyBlocks: keyBlocks.length,
    last,
  }
}

/** Keys that have been deleted since are among them: the places must stay. */
function writeKeys(cells: readonly Cell[], { scratch, seal }: ThreadServices) {
  scratch.reset()
  encodeRecords(
    scratch,
    cells.map((cell) => cell.key),
  )
  return seal('records', cells.length, 'long')
}

function writeValues(cells: Iterable<Cell>, atMost: number, timed: boolean, { scratch, seal }: ThreadServices) {
  const ids = new Int32Array(atMost)
  const values = new Array<unknown>(atMost)
  const times = new Array<unknown>(timed ? atMost : 0)
  const deleted: number[] = []
  let count = 0
  for (const cell of cells) {
    if (!cell.alive) {
      deleted.push(cell.id)
      continue
    }
    ids[count] = cell.id
    values[count] = cell.value
    if (timed) times[count] = cell.time
    count++
  }
  values.length = count
  if (timed) times.length = count
  const parts = new ShuffleBlockWriter(scratch, 4)
  parts.ints(0, Int32Array.from(deleted))
  parts.ints(1, ids.subarray(0, count))
  parts.records(2, values)
  parts.records(3, times)
  return seal('shuffle', count + deleted.length, 'long')
}
