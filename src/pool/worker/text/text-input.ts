import { isUtf8 } from 'node:buffer'
import { textIntrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import type { Plan, Step } from '../../../ops/plan.js'
import { afterNewline, eachLines, eachPiece } from '../../blocks/text.js'
import { isRead } from '../../kernels/meaning-of.js'
import type { Region, TextKernels } from '../../kernels/text-kernels.js'
import { PROGRESS } from '../../thread-status.js'
import type { Loop } from '../operators/loop.js'
import { readInput } from '../runtime/inputs.js'
import type { Task, ThreadServices } from '../runtime/task.js'

/** Takes an input's text in pieces, and other inputs as records. */
export interface TextReader {
  readonly records: (records: readonly unknown[]) => void
  /** Takes a piece in the kernels' memory, and what counts its lines while it is there. */
  readonly piece: (region: Region, lines: () => number) => void
  /** The loop that runs the steps of the text. In a task whose operations are sampled, it measures the first lines. */
  readonly loop: Loop | undefined
  /** Takes these lines. Default: `records`. */
  readonly measured?: (records: readonly unknown[]) => void
  /** Whether text may come in pieces. Default: always. */
  readonly onBytes?: () => boolean
  /** Whether pieces must be valid UTF-8: other bytes become U+FFFD, as in strings. */
  readonly wellFormed?: boolean
  /** Whether kernels replace a function of the user besides those of the steps. */
  readonly replaces?: boolean
}

/** An input, and the steps over it. */
export interface OverInput {
  readonly input: number
  readonly steps: readonly Step[]
}

/** Returns the input and steps of a plan that has only these. */
export function overInput(plan: Plan): OverInput | undefined {
  if (plan.op === 'input') return { input: plan.input, steps: [] }
  return plan.op === 'chain' && plan.of.op === 'input' ? { input: plan.of.input, steps: plan.steps } : undefined
}

/**
 * Reads text piece by piece into the kernels' memory; other inputs, and pieces that do not fit, as records. So is all
 * text if kernels replace functions of users and the language's own functions were changed. Counts records read.
 */
export function readText(
  task: Task,
  { input, steps }: OverInput,
  { segments }: ThreadServices,
  kernels: TextKernels,
  { loop, records, measured = records, piece, onBytes = () => true, wellFormed = false, replaces = false }: TextReader,
): void {
  const { sample } = task.meter
  const counting = (take: TextReader['records']) => (values: readonly unknown[]) => {
    task.read[input]! += values.length
    take(values)
  }
  const counted = counting(records)
  const exact = !(replaces || steps.some(isRead)) || textIntrinsicsIntact()
  task.sums[input] = readInput(task.inputs[input]!, segments, counted, (text, known) => {
    // Lines that are measured are counted as they come.
    const total = sample ? undefined : known
    if (total !== undefined) task.read[input]! += total
    const take = total === undefined ? counted : records
    eachPiece(text, (all) => {
      const raw = sample && loop && onBytes() ? afterMeasured(all, sample.roomOf(loop), counting(measured)) : all
      if (raw.length === 0) return
      const bytes = wellFormed && !isUtf8(raw) ? Buffer.from(raw.toString()) : raw
      if (!exact || !onBytes() || !kernels.fits(bytes)) return eachLines(bytes, take)
      task.meter.status[PROGRESS]!++
      const region = kernels.load(bytes)
      let n: number | undefined
      const lines = () => {
        n ??= kernels.lines(region)
        return n
      }
      if (total === undefined) task.read[input]! += lines()
      if (sample && loop) sample.skipped(loop, lines())
      piece(region, lines)
    })
  })
}

/** Passes the first `n` lines of a text to `measured`, and returns the rest. */
function afterMeasured(text: Buffer, n: number, measured: (lines: readonly string[]) => void): Buffer {
  let end = 0
  for (let line = 0; line < n && end < text.length; line++) end = afterNewline(text, end)
  if (end > 0) eachLines(text.subarray(0, end), measured)
  return text.subarray(end)
}
