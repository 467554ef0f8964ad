import type { Aggregator, Plan, Step } from '../../ops/plan.js'
import { eachLines, eachPiece } from '../blocks/text.js'
import { type ByteSteps, byteSteps, isBuiltin, isPure, type LineFilter } from '../kernels/byte-steps.js'
import type { TextKernels } from '../kernels/text-kernels.js'
import { PROGRESS } from '../vitals.js'
import { readInput } from './inputs.js'
import type { Loop } from './loop.js'
import type { PlanCompiler, Source } from './plans.js'
import type { Task } from './task.js'

/** Gives values with how often they occur. A value may come several times. */
export type Tally = (task: Task, emit: (value: unknown, times: number) => void) => void

/** The value that each of a key's records adds, where a shuffle only counts keys, or only collects them. */
export function valueOfEach({ mergeValue, create }: Aggregator, last: Step | undefined): 'times' | 'null' | undefined {
  if (create || last?.op !== 'map') return undefined
  if (isBuiltin(last.fn, 'pairWithOne') && isBuiltin(mergeValue, 'sum')) return 'times'
  if (isBuiltin(last.fn, 'pairWithNull') && isBuiltin(mergeValue, 'first')) return 'null'
  return undefined
}

/**
 * A chain on text whose first steps can run on bytes and whose others have no effects: its values are counted in a table
 * of bytes, and the others run once for each distinct one. Undefined for other plans.
 */
export function compileTally(plan: Plan, compiler: PlanCompiler): Tally | undefined {
  const { kernels, segments } = compiler.services
  const chain: Plan & { op: 'chain' } = plan.op === 'chain' ? plan : { op: 'chain', of: plan, steps: [] }
  if (!kernels || chain.of.op !== 'input') return undefined
  const bytes = byteSteps(chain.steps)
  const rest = chain.steps.slice(bytes.count)
  if (!bytes.tokens || !rest.every(isPure)) return undefined
  const { slot } = chain.of
  const whole = compiler.loop(chain.steps)
  const remaining = compiler.loop(rest)
  return (task, emit) => {
    const one = (value: unknown) => emit(value, 1)
    const records = (values: Iterable<unknown>) => {
      takeTally(kernels, bytes, remaining, task, emit)
      whole(values, one, task.meter)
    }
    kernels.clear()
    readInput(task.inputs[slot]!, segments, counting(task, slot, records), (text) =>
      eachPiece(text, (piece) => {
        if (!kernels.fits(piece)) return eachLines(piece, counting(task, slot, records))
        task.meter.vitals[PROGRESS]!++
        const region = kernels.load(piece)
        task.read[slot]! += kernels.lines(region)
        kernels.count(kernels.select(region, bytes.filters), bytes.tokens!)
        if (kernels.full) takeTally(kernels, bytes, remaining, task, emit)
      }),
    )
    takeTally(kernels, bytes, remaining, task, emit)
  }
}

/** Lines in text that pass filters, counted without being made. Undefined for plans that do more. */
export function compileLineCount(plan: Plan, compiler: PlanCompiler): ((task: Task) => number) | undefined {
  const { kernels, segments } = compiler.services
  const chain: Plan & { op: 'chain' } = plan.op === 'chain' ? plan : { op: 'chain', of: plan, steps: [] }
  if (!kernels || chain.of.op !== 'input') return undefined
  const { filters } = byteSteps(chain.steps)
  if (filters.length < chain.steps.length) return undefined
  const { slot } = chain.of
  const whole = compiler.loop(chain.steps)
  return (task) => {
    let n = 0
    const records = (values: Iterable<unknown>) => whole(values, () => n++, task.meter)
    readInput(task.inputs[slot]!, segments, counting(task, slot, records), (text) =>
      eachPiece(text, (piece) => {
        if (!kernels.fits(piece)) return eachLines(piece, counting(task, slot, records))
        task.meter.vitals[PROGRESS]!++
        const region = kernels.load(piece)
        const lines = kernels.lines(region)
        task.read[slot]! += lines
        n += filters.length === 0 ? lines : kernels.lines(kernels.select(region, filters))
      }),
    )
    return n
  }
}

/** The lines of a text input that pass filters; others are never decoded. `loop`: the filters, for records that are no text. */
export function filteredLines(
  slot: number,
  filters: readonly LineFilter[],
  loop: Loop,
  { services: { segments, kernels } }: PlanCompiler,
): Source {
  return (task, each) => {
    const records = (values: Iterable<unknown>) => {
      const out: unknown[] = []
      loop(values, (value) => out.push(value), task.meter)
      each(out)
    }
    readInput(task.inputs[slot]!, segments, counting(task, slot, records), (text) =>
      eachPiece(text, (piece) => {
        if (!kernels?.fits(piece)) return eachLines(piece, counting(task, slot, records))
        task.meter.vitals[PROGRESS]!++
        const region = kernels.load(piece)
        task.read[slot]! += kernels.lines(region)
        const selected = kernels.select(region, filters)
        if (selected.length > 0) eachLines(kernels.bytes(selected), each)
      }),
    )
  }
}

function counting(task: Task, slot: number, each: (records: Iterable<unknown>) => void) {
  return (records: readonly unknown[]) => {
    task.read[slot]! += records.length
    each(records)
  }
}

function takeTally(
  kernels: TextKernels,
  { tokens }: ByteSteps,
  loop: Loop,
  task: Task,
  emit: (value: unknown, times: number) => void,
): void {
  const { keys, counts } = kernels.take()
  let i = -1
  const one = (value: unknown) => emit(value, counts[i]!)
  // The loop takes the next key when it is through with the one before.
  const each = function* () {
    for (i = 0; i < keys.length; i++) {
      const key = keys[i]
      // Only here, and rarely, is white space looked for that takes more than one byte.
      if (tokens?.kind === 'words' && key !== undefined && WIDE_SPACE.test(key))
        yield* key.split(WIDE_SPACE).filter(notEmpty)
      else yield key
    }
  }
  loop(each(), one, task.meter)
}

const WIDE_SPACE = /\s+/
const notEmpty = (text: string) => text !== ''
