import type { BlockHandle, BlockSlice } from '../../pool/blocks/handle.js'
import { payloadSpace } from '../../pool/blocks/layout.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import { afterNewline } from '../../pool/blocks/text.js'

/** Text that is shorter than two such slices stays whole: smaller slices cost more to dispatch than to read. */
const MIN_SLICE = 4096

/**
 * Divides the blocks of a batch into at most `wanted` partitions of similar size, in order. Cuts a text block after the
 * line that contains the boundary; other blocks stay whole.
 */
export function toPartitions(segments: SegmentPool, blocks: readonly BlockHandle[], wanted: number): BlockSlice[][] {
  const partitions: BlockSlice[][] = Array.from({ length: wanted }, () => [])
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  const placeOf = (byte: number) => Math.min(wanted - 1, Math.floor((byte * wanted) / Math.max(1, total)))
  let passed = 0
  for (const block of blocks) {
    const { codec, segment, offset, length } = block
    if (codec !== 'text' || total < MIN_SLICE * 2) partitions[placeOf(passed)]!.push({ block })
    else {
      const payload = payloadSpace(segments.memory(segment), offset, length)
      for (let start = 0; start < length; ) {
        const place = placeOf(passed + start)
        const border = Math.max(start + 1, Math.ceil(((place + 1) * total) / wanted) - passed)
        const end = border >= length ? length : afterNewline(payload, border - 1)
        partitions[place]!.push(start === 0 && end === length ? { block } : { block, start, end })
        start = end
      }
    }
    passed += length
  }
  return partitions.filter((slices) => slices.length > 0)
}
