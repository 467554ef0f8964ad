import type { ByteWriter } from './byte-writer.js'
import { decodeInts, decodeRecords } from './records-codec.js'
import { readPart, ShuffleBlockWriter } from './shuffle-block.js'

/**
 * The values of a snapshot of kept state, by slot. Slots are positions in the blocks of keys, one after the other. Without
 * slots, the values are those of all slots in order.
 */
export interface StateValues {
  /** Slots whose keys were deleted. */
  readonly deleted: ArrayLike<number>
  readonly slots: ArrayLike<number>
  readonly values: readonly unknown[]
  /** When each key was last touched; empty if the operator does not read it. */
  readonly times: readonly number[]
}

/** Writes a block of values into `w`: the parts of a shuffle block. Returns the number of its entries. */
export function encodeState(w: ByteWriter, { deleted, slots, values, times }: StateValues): number {
  const parts = new ShuffleBlockWriter(w, 4)
  parts.ints(0, Int32Array.from(deleted))
  parts.ints(1, Int32Array.from(slots))
  parts.records(2, values)
  parts.records(3, times)
  return values.length + deleted.length
}

export function decodeState(payload: Buffer): StateValues {
  return {
    deleted: decodeInts(readPart(payload, 0).bytes),
    slots: decodeInts(readPart(payload, 1).bytes),
    values: decodeRecords(readPart(payload, 2).bytes),
    times: decodeRecords(readPart(payload, 3).bytes) as number[],
  }
}

/** Applies a block of values. `time` is 0 where the operator reads none. */
export function applyState(
  { deleted, slots, values, times }: StateValues,
  put: (slot: number, value: unknown, time: number) => void,
  drop: (slot: number) => void,
): void {
  for (let i = 0; i < deleted.length; i++) drop(deleted[i]!)
  const dense = slots.length === 0
  for (let i = 0; i < values.length; i++) put(dense ? i : slots[i]!, values[i], times[i] ?? 0)
}
