import type { Additions } from '../ops/accumulator.js'
import { unpackAnswer } from '../pool/answer-wire.js'
import { openBlock } from '../pool/blocks/layout.js'
import { decodeRecords } from '../pool/blocks/records-codec.js'
import type { SegmentPool } from '../pool/blocks/segments.js'
import type { TaskResult } from '../pool/protocol.js'

/** What a task brings to the driver itself. */
export interface Taken {
  /** Its records, where its sink collects them; else what its sink returns. */
  readonly value: unknown
  /** Additions to accumulators. */
  readonly added: Additions | undefined
}

/**
 * Decodes what a task brings to the driver, and frees the block that it came in. Throws, and frees nothing, if the bytes
 * cannot be decoded.
 */
export function takeAnswer({ answer, added, written }: TaskResult & { ok: true }, segments: SegmentPool): Taken {
  const block = written.find(({ as }) => as === 'collect')?.block
  const value = block ? decodeRecords(openBlock(segments.memory(block.segment), block)) : unpackAnswer(answer)
  const taken = { value, added: added && (unpackAnswer(added) as Additions) }
  if (block) segments.release(block.segment)
  return taken
}
