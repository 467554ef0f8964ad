import { decodeInts, decodeRecords, encodeRecords } from '../../blocks/records-codec.js'
import { readPart, ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { StateRecipe, WrittenBlock } from '../../protocol.js'
import type { ThreadServices } from '../task.js'
import type { Chain, StatePartition } from './store.js'
import type { StateTable } from './table.js'

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
 * all of these blocks are their slots. Values come with slots, either all or those that changed since the last snapshot. So
 * a key is encoded once, which costs several times what a number does.
 *
 * The parts of a block of values: slots of deleted keys, slots, values, and when each was last touched, if asked for.
 * Without slots the values are those of all slots in order.
 */
export function writeSnapshot(
  state: StatePartition,
  services: ThreadServices,
  { key, allKeys, timed }: SnapshotRequest,
): WrittenBlock[] {
  const { entries, changed, chain } = state
  const longer = { increments: chain.increments + 1, entries: chain.entries + (changed?.size ?? 0) }
  const mayGrow = longer.increments <= LONGEST_CHAIN && longer.entries < entries.size * ALL_FROM
  const anew =
    allKeys ||
    !changed ||
    chain.keyBlocks >= LONGEST_KEY_CHAIN ||
    // Half of what the blocks hold are keys that were deleted.
    entries.slots > 2 * entries.size + FEW_KEYS ||
    (!mayGrow && entries.size <= FEW_KEYS) ||
    // A second attempt: the first has changed the slots.
    (state.renumbered && state.snapshotAt === state.version)
  if (anew) entries.renumber()
  const full = anew || !mayGrow
  const known = anew ? 0 : state.keysWritten
  const keys = known < entries.slots || anew ? writeKeys(entries.keys.slice(known), services) : undefined
  const block = full ? writeAll(entries, timed, services) : writeSome(entries, changed, timed, services)
  state.snapshotAt = state.version
  state.renumbered = anew
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
  const keys = keyBlocks.map((block) => segments.readVerified(block, decodeRecords))
  entries.restore(keys.length === 1 ? keys[0]! : keys.flat(1), (put, drop) => {
    for (const block of snapshots) {
      const { deleted, slots, values, times } = segments.readVerified(block, (payload) => ({
        deleted: decodeInts(readPart(payload, 0).bytes),
        slots: decodeInts(readPart(payload, 1).bytes),
        values: decodeRecords(readPart(payload, 2).bytes),
        times: decodeRecords(readPart(payload, 3).bytes) as number[],
      }))
      for (let i = 0; i < deleted.length; i++) drop(deleted[i]!)
      const dense = slots.length === 0
      for (let i = 0; i < values.length; i++) put(dense ? i : slots[i]!, values[i], times[i] ?? 0)
    }
  })
  const increments = snapshots.slice(1)
  return {
    increments: increments.length,
    entries: increments.reduce((sum, { count }) => sum + count, 0),
    keyBlocks: keyBlocks.length,
    last,
  }
}

/** Keys that have been deleted since are among them: the places must stay. */
function writeKeys(keys: readonly unknown[], { scratch, seal }: ThreadServices) {
  scratch.reset()
  encodeRecords(scratch, keys)
  return seal('records', keys.length, 'long')
}

/** Without gaps the column of values is written as it is. */
function writeAll(entries: StateTable, timed: boolean, services: ThreadServices) {
  if (entries.size < entries.slots) return writeSome(entries, entries.alive(), timed, services)
  const times = timed ? Array.from(entries.alive(), (slot) => entries.time(slot)) : []
  return writeValues([], [], entries.values, times, services)
}

function writeSome(entries: StateTable, changed: Iterable<number>, timed: boolean, services: ThreadServices) {
  const deleted: number[] = []
  const slots: number[] = []
  const values: unknown[] = []
  const times: number[] = []
  for (const slot of changed) {
    if (!entries.isAlive(slot)) {
      deleted.push(slot)
      continue
    }
    slots.push(slot)
    values.push(entries.values[slot])
    if (timed) times.push(entries.time(slot))
  }
  return writeValues(deleted, slots, values, times, services)
}

function writeValues(
  deleted: readonly number[],
  slots: readonly number[],
  values: readonly unknown[],
  times: readonly number[],
  { scratch, seal }: ThreadServices,
) {
  const parts = new ShuffleBlockWriter(scratch, 4)
  parts.ints(0, Int32Array.from(deleted))
  parts.ints(1, Int32Array.from(slots))
  parts.records(2, values)
  parts.records(3, times)
  return seal('shuffle', values.length + deleted.length, 'long')
}
