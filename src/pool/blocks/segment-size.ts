import { MemoryLimitError } from '../../errors.js'

/** Bytes of an ordinary segment. Larger blocks get a segment of their own size class. */
export const SEGMENT_BYTES = 1024 * 1024

/** The largest segment: typed arrays on Node 20 end well before 8 GiB, and one block should be a fraction of that. */
export const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024

/** Returns the size class for a block of `bytes`, header included: `SEGMENT_BYTES` or the next power of two. */
export function segmentSize(bytes: number): number {
  if (!(bytes <= MAX_SEGMENT_BYTES)) {
    throw new MemoryLimitError(
      `A block of ${bytes} bytes is not possible: ${MAX_SEGMENT_BYTES} bytes, header included, is the limit. Use more partitions.`,
      { bytes, limit: MAX_SEGMENT_BYTES },
    )
  }
  let size = SEGMENT_BYTES
  while (size < bytes) size *= 2
  return size
}
