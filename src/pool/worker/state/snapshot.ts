import { decodeRecords, encodeRecords, encodeTexts } from '../../blocks/records-codec.js'
import { applyState, decodeState, encodeState, type StateValues } from '../../blocks/state-block.js'
import type { StateRecipe, WrittenBlock } from '../../protocol.js'
import type { ThreadServices } from '../runtime/task.js'
import type { Chain, StatePartition } from './store.js'
import type { StateTable } from './table.js'

/**
 * If increments would contain more than this fraction of the entries, the next snapshot contains all values. So a
 * rebuild reads at most one and a half times the state, and full snapshots cost at most twice as much as the increments
 * before.
 */
const ALL_FROM = 0.5
/** Most increments: each is a block that lives until the next full snapshot, however little changes. */
const LONGEST_CHAIN = 100
/** Most blocks of keys: each may be the last block in its segment, and keeps the whole segment allocated. */
const LONGEST_KEY_CHAIN = 16
/** Up to this many keys are written again with all values. */
const FEW_KEYS = 1000

export interface SnapshotRequest {
  /** The snapshot's name in the driver. */
  readonly key: string
  /** Whether it must be full. */
  readonly allKeys: boolean
  /** Whether the operator reads when each key was last touched. */
  readonly timed: boolean
}

/**
 * Writes a snapshot, in one block or two. New keys go into a block of their own: their positions in all
 * of these blocks are their slots. Values come with slots, either all or those that changed since the last snapshot. So a key is
 * encoded once, which costs several times as much as a number.
 */
export function writeSnapshot(
  state: StatePartition,
  services: ThreadServices,
  { key, allKeys, timed }: SnapshotRequest,
): WrittenBlock[] {
  const { entries, changed, chain } = state
  const longer = { increments: chain.increments + 1, entries: chain.entries + (changed?.size ?? 0) }
  const mayGrow = longer.increments <= LONGEST_CHAIN && longer.entries < entries.size * ALL_FROM
  const renumbers =
    allKeys ||
    !changed ||
    chain.keyBlocks >= LONGEST_KEY_CHAIN ||
    // Half of the keys in the blocks are deleted.
    entries.slots > 2 * entries.size + FEW_KEYS ||
    (!mayGrow && entries.size <= FEW_KEYS) ||
    // A second attempt, after the first has changed the slots.
    (state.renumbered && state.snapshotAt === state.version)
  if (renumbers) entries.renumber()
  const full = renumbers || !mayGrow
  const known = renumbers ? 0 : state.keysWritten
  const keys = known < entries.slots || renumbers ? writeKeys(entries, known, services) : undefined
  const block = full ? writeAll(entries, timed, services) : writeSome(entries, changed, timed, services)
  state.snapshotAt = state.version
  state.renumbered = renumbers
  state.copy ??= block.id
  const name = `${state.copy}@${state.version}`
  const keyBlocks = (renumbers ? 0 : chain.keyBlocks) + (keys ? 1 : 0)
  state.chainWritten = { ...(full ? { increments: 0, entries: 0 } : longer), keyBlocks, last: name }
  const written: WrittenBlock = { as: 'snapshot', key, full, name, after: renumbers ? undefined : chain.last, block }
  return keys ? [{ as: 'keys', key, full: renumbers, block: keys }, written] : [written]
}

/**
 * Applies snapshots to an empty partition; the first one contains all values. Returns the chain that the next snapshot
 * may continue. Verifies the bytes, at a small part of the cost of decoding, because the thread that wrote them is
 * usually dead and wrong state cannot be repaired later.
 */
export function readSnapshots(
  { entries }: StatePartition,
  { keys: keyBlocks, snapshots, last }: StateRecipe,
  { segments }: ThreadServices,
): Chain {
  const keys = keyBlocks.map((block) => segments.readVerified(block, decodeRecords))
  entries.restore(keys.length === 1 ? keys[0]! : keys.flat(1), (put, drop) => {
    for (const block of snapshots) applyState(segments.readVerified(block, decodeState), put, drop)
  })
  const increments = snapshots.slice(1)
  return {
    increments: increments.length,
    entries: increments.reduce((sum, { count }) => sum + count, 0),
    keyBlocks: keyBlocks.length,
    last,
  }
}

/** Includes keys that have been deleted since, because positions are slots. */
function writeKeys(entries: StateTable, from: number, { scratch, seal }: ThreadServices) {
  scratch.reset()
  const texts = entries.textsFrom(from)
  if (texts) encodeTexts(scratch, texts)
  else encodeRecords(scratch, entries.keysFrom(from))
  return seal('records', entries.slots - from, 'long')
}

/** Without gaps the column of values is written unchanged. */
function writeAll(entries: StateTable, timed: boolean, services: ThreadServices) {
  if (entries.size < entries.slots) return writeSome(entries, entries.alive(), timed, services)
  const times = timed ? Array.from(entries.alive(), (slot) => entries.time(slot)) : []
  return writeValues({ deleted: [], slots: [], values: entries.values, times }, services)
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
  return writeValues({ deleted, slots, values, times }, services)
}

function writeValues(values: StateValues, { scratch, seal }: ThreadServices) {
  return seal('shuffle', encodeState(scratch, values), 'long')
}
