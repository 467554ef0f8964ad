import type { Plan, Step } from '../../../ops/plan.js'
import { sortedTexts } from '../../../ops/rdd/prefix-sort.js'
import { ByteKeys } from '../../../ops/rdd/text-keys.js'
import { copyText } from '../../blocks/copy-text.js'
import { decodeTexts } from '../../blocks/records-codec.js'
import { readPart } from '../../blocks/shuffle-block.js'
import type { Latin1Texts } from '../../blocks/string-column.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import { canSort, type Texts } from '../../kernels/sort-bytes.js'
import type { TextKernels } from '../../kernels/text-kernels.js'
import { lengthsType } from '../../kernels/text-lengths.js'
import type { TaskInput } from '../../protocol.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { SegmentTable } from '../runtime/segment-table.js'
import { labelled } from '../runtime/task.js'
import { distributed } from './distribute-texts.js'
import { TextRecords } from './text-records.js'

/**
 * Compiles a sort of texts by themselves, which a shuffle has brought into one partition. Texts of one byte per unit are sorted as
 * bytes, and stay so in their final order, as TextRecords. Returns undefined for other sorts.
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
  const { kernels } = services
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
      const groups = kernels && canSort(texts) ? [texts] : distributed(texts)
      if (!ascending) groups.reverse()
      let sorting = performance.now() - began
      for (const group of groups) {
        const from = performance.now()
        const sorted = sortedRecords(group, ascending, kernels)
        sorting += performance.now() - from
        each(sorted)
      }
      task.meter.sample?.add({ label, recordsIn: count, recordsOut: count, ms: sorting })
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

function sortedRecords(texts: Texts, ascending: boolean, kernels: TextKernels | undefined): TextRecords {
  if (kernels && canSort(texts)) return new TextRecords(kernels.sort(texts, ascending))
  return inOrder(texts, sortedTexts(new ByteKeys(texts.bytes, texts.starts), ascending))
}

/** Copies texts in an order. */
function inOrder({ bytes, starts }: Texts, order: Uint32Array): TextRecords {
  const texts = Buffer.allocUnsafeSlow(starts[order.length]! - starts[0]!)
  const all = new Uint32Array(order.length)
  let longest = 0
  let at = 0
  for (let i = 0; i < order.length; i++) {
    const from = starts[order[i]!]!
    const to = starts[order[i]! + 1]!
    const length = to - from
    at = copyText(bytes, from, to, texts, at)
    all[i] = length
    if (length > longest) longest = length
  }
  return new TextRecords({ texts, lengths: new (lengthsType(longest))(all) })
}
