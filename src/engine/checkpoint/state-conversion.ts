import { CheckpointError } from '../../errors.js'
import type { Partitioner } from '../../ops/dataset.js'
import type { Kept } from '../../ops/dstream/node.js'
import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { decodeRecords } from '../../pool/blocks/records-codec.js'
import { applyState, decodeState, encodeState } from '../../pool/blocks/state-block.js'
import { describe } from '../../values/describe.js'
import { hashKey } from '../../values/keys.js'
import type { DriverBlocks } from '../storage/driver-blocks.js'
import type { SavedBlock, SavedOperation, SavedState } from './checkpoint.js'
import type { SavedBlocks } from './saved-blocks.js'

/** One entry of kept state. `time`: when its key was last touched, if the operator reads it. */
export interface StateEntry {
  readonly key: unknown
  readonly value: unknown
  readonly time: number
}

/** The blocks of one partition of converted state. */
interface ConvertedPartition {
  readonly keys: BlockHandle
  readonly values: BlockHandle
}

/**
 * Whether state cannot be taken as it is. A function that places keys may have changed, which cannot be seen, so such state is
 * always converted.
 */
export function needsConversion({ placed, stateVersion }: SavedOperation, kept: Kept): boolean {
  const { partitioner, stateVersion: version = 1 } = kept
  if (stateVersion !== version || placed!.partitions !== partitioner!.partitions) return true
  return placed!.by !== 'hash' || partitioner!.kind !== 'hash'
}

/**
 * Places the entries of a state by the program's partitioner, with values of its version. Decodes and encodes all of them, in
 * the driver. Returns the blocks of each partition.
 */
export function convertState(
  { uid, stateVersion }: SavedOperation,
  states: readonly SavedState[],
  { partitioner, stateVersion: version = 1, upgrade }: Kept,
  blocks: SavedBlocks,
): ConvertedPartition[] {
  const partitions = Array.from({ length: partitioner!.partitions }, (): StateEntry[] => [])
  for (const state of states) {
    for (const { key, value, time } of entriesOf(state, (block) => blocks.bytesOf(block))) {
      try {
        const isOld = stateVersion !== version
        const upgraded = isOld ? upgrade!(value, stateVersion) : value
        if (isOld && (upgraded === undefined || upgraded === null)) continue
        partitions[partitionOf(key, partitioner!)]!.push({ key, value: upgraded, time })
      } catch (cause) {
        throw cannotConvert(uid, key, cause)
      }
    }
  }
  return partitions.map((entries) => writePartition(entries, blocks.driver, uid))
}

/** Returns the entries of one partition of a saved state. */
export function entriesOf({ keys, snapshots }: SavedState, bytesOf: (block: SavedBlock) => Buffer): StateEntry[] {
  const slots = keys.flatMap(({ block }) => decodeRecords(bytesOf(block)))
  const alive = new Map<number, StateEntry>()
  for (const { block } of snapshots) {
    applyState(
      decodeState(bytesOf(block)),
      (slot, value, time) => alive.set(slot, { key: slots[slot], value, time }),
      (slot) => alive.delete(slot),
    )
  }
  return [...alive.values()]
}

function partitionOf(key: unknown, partitioner: Partitioner): number {
  const { partitions } = partitioner
  if (partitioner.kind !== 'custom') return hashKey(key) % partitions
  const partition: unknown = partitioner.identity(key)
  if (Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) < partitions)
    return partition as number
  throw new Error(
    `customPartitioner returned ${describe(partition)}; it must be a whole number from 0 to ${partitions - 1}.`,
  )
}

function writePartition(entries: readonly StateEntry[], driver: DriverBlocks, uid: string): ConvertedPartition {
  const values = entries.map(({ value }) => value)
  const times = entries.some(({ time }) => time !== 0) ? entries.map(({ time }) => time) : []
  const bytes = new ByteWriter()
  try {
    const count = encodeState(bytes, { deleted: [], slots: [], values, times })
    const keys = driver.write(
      'records',
      entries.map(({ key }) => key),
    )
    return { keys, values: driver.writeBytes(bytes.bytes(), 'shuffle', count) }
  } catch (cause) {
    throw new CheckpointError(`The converted state of ${describe(uid)} cannot be encoded.`, { uid }, cause)
  }
}

function cannotConvert(uid: string, key: unknown, cause: unknown): CheckpointError {
  return new CheckpointError(
    `The state of ${describe(uid)} cannot be converted for this program: its function threw for key ${describe(key)}. Correct upgrade or customPartitioner, or start with dropState: [${describe(uid)}].`,
    { uid, key },
    cause,
  )
}
