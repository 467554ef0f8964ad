import { isUtf8 } from 'node:buffer'
import type { Plan, Step } from '../../ops/plan.js'
import { eachLines, eachPiece } from '../blocks/text.js'
import type { Region, TextKernels } from '../kernels/text-kernels.js'
import { PROGRESS } from '../vitals.js'
import { readInput } from './inputs.js'
import type { Task, ThreadServices } from './task.js'

/** Takes an input's text by pieces, and what is no text as records. */
export interface TextReader {
  readonly records: (records: readonly unknown[]) => void
  /** A piece in the kernels' memory, and how many lines it has. */
  readonly piece: (region: Region, lines: number) => void
  /** Whether text may come as pieces; always, unless given. */
  readonly onBytes?: () => boolean
  /** Whether pieces must be valid UTF-8: what is not becomes U+FFFD, as in strings. */
  readonly wellFormed?: boolean
}

/** A plan that only takes steps over one input. */
export function overInput(plan: Plan): { readonly slot: number; readonly steps: readonly Step[] } | undefined {
  if (plan.op === 'input') return { slot: plan.slot, steps: [] }
  return plan.op === 'chain' && plan.of.op === 'input' ? { slot: plan.of.slot, steps: plan.steps } : undefined
}

/** Text piece by piece in the kernels' memory; what is no text, or has no room there, as records. Counts what is read. */
export function readText(
  task: Task,
  slot: number,
  { segments }: ThreadServices,
  kernels: TextKernels,
  { records, piece, onBytes = () => true, wellFormed = false }: TextReader,
): void {
  const counted = (values: readonly unknown[]) => {
    task.read[slot]! += values.length
    records(values)
  }
  task.sums[slot] = readInput(task.inputs[slot]!, segments, counted, (text) =>
    eachPiece(text, (raw) => {
      const bytes = wellFormed && !isUtf8(raw) ? Buffer.from(raw.toString()) : raw
      if (!onBytes() || !kernels.fits(bytes)) return eachLines(bytes, counted)
      task.meter.vitals[PROGRESS]!++
      const region = kernels.load(bytes)
      const lines = kernels.lines(region)
      task.read[slot]! += lines
      piece(region, lines)
    }),
  )
}
