import type { Additions } from '../../ops/accumulator.js'
import { type Answer, unpackAnswer } from '../../pool/answer-wire.js'
import { openBlock } from '../../pool/blocks/layout.js'
import { decodeRecords } from '../../pool/blocks/records-codec.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import type { TaskResult } from '../../pool/protocol.js'

/** The decoded answer of a task. */
export interface Taken {
  /** The records for `collect`; otherwise the result of the sink. */
  readonly value: unknown
  /** Additions to accumulators. */
  readonly added: Additions | undefined
}

/** Least bytes of a decoded record: a reference. */
const RECORD_BYTES = 8

/** Returns approximately the bytes that an answer takes in the driver: at least its encoded bytes. */
export function answerBytes({ answer, added, written }: TaskResult & { ok: true }): number {
  const block = written.find(({ as }) => as === 'collect')?.block
  const records = block ? Math.max(block.length, block.count * RECORD_BYTES) : 0
  return records + packedBytes(answer) + packedBytes(added)
}

function packedBytes(answer: Answer | undefined): number {
  return answer && 'packed' in answer ? answer.packed.length : 0
}

/**
 * Decodes the answer of a task, and frees the block of its records. If it cannot be decoded, throws and frees nothing.
 */
export function takeAnswer({ answer, added, written }: TaskResult & { ok: true }, segments: SegmentPool): Taken {
  const block = written.find(({ as }) => as === 'collect')?.block
  const value = block ? decodeRecords(openBlock(segments.memory(block.segment), block)) : unpackAnswer(answer)
  const taken = { value, added: added && (unpackAnswer(added) as Additions) }
  if (block) segments.release(block.segment)
  return taken
}
