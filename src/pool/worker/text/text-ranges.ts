import { isAscii } from 'node:buffer'
import type { PartitionerSpec, Plan } from '../../../ops/plan.js'
import type { ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import { eachLines, eachPiece } from '../../blocks/text.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import { RangeBounds } from '../../kernels/divide-lines.js'
import { PROGRESS } from '../../thread-status.js'
import { readInput } from '../runtime/inputs.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { overInput } from './text-input.js'
import { TextParts } from './text-parts.js'

const NEWLINE = 10
const CARRIAGE_RETURN = 13

/** Distributes the records of a task. `place` returns the partition of a record that is not an ASCII line. */
export type TextRanges = (task: Task, place: (record: unknown) => number) => (block: ShuffleBlockWriter) => void

/**
 * Compiles the map side of a sort of a text's lines by themselves: it compares ASCII lines with the bounds as bytes, and writes them
 * as bytes. Returns undefined for other sorts.
 */
export function compileTextRanges(
  plan: Plan,
  spec: PartitionerSpec,
  { services: { segments, kernels } }: PlanCompiler,
): TextRanges | undefined {
  const over = overInput(plan)
  if (!over || over.steps.length > 0 || spec.kind !== 'range') return undefined
  if (!isBuiltin(spec.key, 'identity') || !isBuiltin(spec.compare, 'naturalOrder')) return undefined
  const { input } = over
  if (!areTexts(spec.bounds)) return undefined
  const bounds = spec.bounds.map(unitsOf)
  const ranges = new RangeBounds(spec.bounds, spec.ascending)
  const sign = spec.ascending ? 1 : -1
  const parts = new TextParts(spec.partitions)
  return (task, place) => {
    parts.begin()
    const others = (records: readonly unknown[]) => {
      task.read[input]! += records.length
      for (const record of records) parts.addOther(place(record), record)
    }
    task.sums[input] = readInput(task.inputs[input]!, segments, others, (text) =>
      eachPiece(text, (piece) => {
        task.meter.status[PROGRESS]!++
        if (!isAscii(piece) || piece.includes(CARRIAGE_RETURN)) eachLines(piece, others)
        else if (kernels?.fits(piece))
          task.read[input]! += kernels.divide(kernels.load(piece), ranges, (part, lines) => parts.addAll(part, lines))
        else task.read[input]! += addLines(piece, bounds, sign, parts)
      }),
    )
    return (block) => parts.write(block)
  }
}

function unitsOf(bound: string): Uint16Array {
  return Uint16Array.from(bound, (_, i) => bound.charCodeAt(i))
}

function areTexts(bounds: readonly unknown[]): bounds is readonly string[] {
  return bounds.every((bound) => typeof bound === 'string')
}

/** Adds each line to its part. Returns their number. */
function addLines(piece: Buffer, bounds: readonly Uint16Array[], sign: number, parts: TextParts): number {
  let lines = 0
  for (let from = 0; from < piece.length; ) {
    let to = from
    while (to < piece.length && piece[to] !== NEWLINE) to++
    parts.add(rangeOf(piece, from, to, bounds, sign), piece, from, to)
    lines++
    from = to + 1
  }
  return lines
}

/** Returns the number of bounds before a line. */
function rangeOf(piece: Buffer, from: number, to: number, bounds: readonly Uint16Array[], sign: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sign * compare(piece, from, to, bounds[middle]!) <= 0) high = middle
    else low = middle + 1
  }
  return low
}

function compare(piece: Buffer, from: number, to: number, bound: Uint16Array): number {
  const shorter = Math.min(to - from, bound.length)
  for (let i = 0; i < shorter; i++) {
    const difference = piece[from + i]! - bound[i]!
    if (difference !== 0) return difference
  }
  return to - from - bound.length
}
