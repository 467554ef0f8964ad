import type { BlockId } from '../ids.js'

/** Bytes of a received block of the driver that a task needs. */
export interface PulledBytes {
  readonly block: BlockId
  readonly start: number
  readonly end: number
}

export const REQUEST_BYTES = 16

/** The length in the answer to a request for a block that was freed. */
export const FREED = -1

/** A request as it is sent: f64 block, i32 start, i32 end. */
export function packRequest({ block, start, end }: PulledBytes): Buffer {
  const request = Buffer.allocUnsafe(REQUEST_BYTES)
  request.writeDoubleBE(block, 0)
  request.writeInt32BE(start, 8)
  request.writeInt32BE(end, 12)
  return request
}

export function unpackRequest(request: Buffer): PulledBytes {
  const block = request.readDoubleBE(0) as BlockId
  return { block, start: request.readInt32BE(8), end: request.readInt32BE(12) }
}
