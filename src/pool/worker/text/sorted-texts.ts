import type { Plan, Step } from '../../../ops/plan.js'
import { sortedTexts } from '../../../ops/rdd/prefix-sort.js'
import { ByteKeys } from '../../../ops/rdd/text-keys.js'
import { decodeTexts } from '../../blocks/records-codec.js'
import { readPart } from '../../blocks/shuffle-block.js'
import type { Latin1Texts } from '../../blocks/string-column.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import type { TaskInput } from '../../protocol.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { SegmentTable } from '../runtime/segment-table.js'
import { labelled } from '../runtime/task.js'
import { copyText } from './copy-text.js'
import { distributed, type Texts } from './distribute-texts.js'

/** Bytes decoded at once. A piece of this size stays in the processor's cache. */
const PIECE_BYTES = 64 * 1024

/**
 * Compiles a sort of texts by themselves, which a shuffle has brought into one partition. Texts of one byte per unit are sorted as
 * bytes, and decoded in their final order. Returns undefined for other sorts.
 */
export function compileSortedTexts(
  before: Plan,
  { fn, label }: Step,
  general: Source,
  { services }: PlanCompiler,
): Source | undefined {
  if (before.op !== 'merge' || before.aggregator || !isBuiltin(fn, 'sortPartition')) return undefined
  const [key, compare, order] = (fn.k === 'builtin' && fn.args) || []
  if (!key || !compare || !order || !('fn' in key) || !('fn' in compare) || !('value' in order)) return undefined
  if (!isBuiltin(key.fn, 'identity') || !isBuiltin(compare.fn, 'naturalOrder')) return undefined
  const { input } = before
  const ascending = order.value === true
  return (task, each) => {
    const from = task.inputs[input]!
    const parts = from.in === 'shuffle' ? textsOf(from, services.segments) : undefined
    if (!parts) {
      general(task, each)
      return
    }
    labelled(task, label, () => {
      const began = performance.now()
      const texts = joined(parts)
      const count = texts.starts.length - 1
      task.read[input]! += count
      const groups = distributed(texts)
      if (!ascending) groups.reverse()
      const orders = groups.map(({ bytes, starts }) => sortedTexts(new ByteKeys(bytes, starts), ascending))
      task.meter.sample?.add({ label, recordsIn: count, recordsOut: count, ms: performance.now() - began })
      groups.forEach((group, i) => eachSorted(group, orders[i]!, each))
    })
  }
}

/** Returns the texts of each map output; undefined if one has other records. */
function textsOf(
  { outputs, partition, dealt }: TaskInput & { in: 'shuffle' },
  segments: SegmentTable,
): Latin1Texts[] | undefined {
  if (dealt !== undefined) return undefined
  const parts: Latin1Texts[] = []
  for (const output of outputs) {
    const texts = segments.read(output, (payload) => decodeTexts(readPart(payload, partition).bytes))
    if (!texts) return undefined
    parts.push(texts)
  }
  return parts
}

function joined(parts: readonly Latin1Texts[]): Texts {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, { texts }) => sum + texts.length, 0))
  const starts = new Uint32Array(parts.reduce((sum, { lengths }) => sum + lengths.length, 1))
  let at = 0
  let i = 0
  for (const { texts, lengths } of parts) {
    bytes.set(texts, at)
    for (let k = 0; k < lengths.length; k++) {
      starts[i++] = at
      at += lengths[k]!
    }
  }
  starts[i] = at
  return { bytes, starts }
}

/** Decodes texts in an order, a piece at a time. */
function eachSorted(texts: Texts, order: Uint32Array, each: (texts: string[]) => void): void {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let first = 0; first < order.length; ) {
    const { end, bytes } = pieceFrom(texts, order, first)
    if (bytes > piece.length) piece = Buffer.allocUnsafeSlow(bytes)
    const lengths = new Uint32Array(end - first)
    copyTexts(texts, order.subarray(first, end), piece, lengths)
    each(cutTexts(piece.toString('latin1', 0, bytes), lengths))
    first = end
  }
}

/** Returns where a piece of whole texts ends, and its bytes. It has at least one text. */
function pieceFrom({ starts }: Texts, order: Uint32Array, first: number): { end: number; bytes: number } {
  let bytes = 0
  let end = first
  for (; end < order.length; end++) {
    const length = starts[order[end]! + 1]! - starts[order[end]!]!
    if (end > first && bytes + length > PIECE_BYTES) break
    bytes += length
  }
  return { end, bytes }
}

function copyTexts({ bytes, starts }: Texts, order: Uint32Array, piece: Buffer, lengths: Uint32Array): void {
  let at = 0
  for (let i = 0; i < order.length; i++) {
    const from = starts[order[i]!]!
    const to = starts[order[i]! + 1]!
    at = copyText(bytes, from, to, piece, at)
    lengths[i] = to - from
  }
}

function cutTexts(text: string, lengths: Uint32Array): string[] {
  const texts = new Array<string>(lengths.length)
  let at = 0
  for (let i = 0; i < lengths.length; i++) {
    const end = at + lengths[i]!
    texts[i] = text.substring(at, end)
    at = end
  }
  return texts
}
