import { isUtf8 } from 'node:buffer'
import type { Plan, Step } from '../../../ops/plan.js'
import { eachLines, eachPiece } from '../../blocks/text.js'
import type { Region, TextKernels } from '../../kernels/text-kernels.js'
import { PROGRESS } from '../../thread-status.js'
import { readInput } from '../runtime/inputs.js'
import type { Task, ThreadServices } from '../runtime/task.js'

/** Takes an input's text in pieces, and other inputs as records. */
export interface TextReader {
  readonly records: (records: readonly unknown[]) => void
  /** Takes a piece in the kernels' memory, and its number of lines. */
  readonly piece: (region: Region, lines: number) => void
  /** Whether text may come in pieces. Default: always. */
  readonly onBytes?: () => boolean
  /** Whether pieces must be valid UTF-8: other bytes become U+FFFD, as in strings. */
  readonly wellFormed?: boolean
}

/** Returns the input and steps of a plan that has only these. */
export function overInput(plan: Plan): { readonly input: number; readonly steps: readonly Step[] } | undefined {
  if (plan.op === 'input') return { input: plan.input, steps: [] }
  return plan.op === 'chain' && plan.of.op === 'input' ? { input: plan.of.input, steps: plan.steps } : undefined
}

/**
 * Reads text piece by piece into the kernels' memory; other inputs, and pieces that do not fit, as records. Counts
 * records read.
 */
export function readText(
  task: Task,
  input: number,
  { segments }: ThreadServices,
  kernels: TextKernels,
  { records, piece, onBytes = () => true, wellFormed = false }: TextReader,
): void {
  const counted = (values: readonly unknown[]) => {
    task.read[input]! += values.length
    records(values)
  }
  task.sums[input] = readInput(task.inputs[input]!, segments, counted, (text) =>
    eachPiece(text, (raw) => {
      const bytes = wellFormed && !isUtf8(raw) ? Buffer.from(raw.toString()) : raw
      if (!onBytes() || !kernels.fits(bytes)) return eachLines(bytes, counted)
      task.meter.status[PROGRESS]!++
      const region = kernels.load(bytes)
      const lines = kernels.lines(region)
      task.read[input]! += lines
      piece(region, lines)
    }),
  )
}
