import { words } from '../../ops/functions/text.js'
import { asPair } from '../../ops/pair.js'
import type { Aggregator, Plan, Step } from '../../ops/plan.js'
import { eachLines, eachPiece } from '../blocks/text.js'
import { byteSteps, isBuiltin, isPure, type Tokens } from '../kernels/byte-steps.js'
import type { Region, TextKernels } from '../kernels/text-kernels.js'
import { PROGRESS } from '../vitals.js'
import type { CombineTable } from './combine-table.js'
import { readInput } from './inputs.js'
import type { Loop } from './loop.js'
import type { PlanCompiler, Source } from './plans.js'
import type { Task, ThreadServices } from './task.js'

/** Gives values with how often they occur. A value may come several times. */
export type Tally = (task: Task, emit: (value: unknown, times: number) => void) => void

/** The value that each of a key's records adds, where a shuffle only counts keys, or only collects them. */
function valueOfEach({ mergeValue, create }: Aggregator, last: Step | undefined): 'times' | 'null' | undefined {
  if (create || last?.op !== 'map') return undefined
  if (isBuiltin(last.fn, 'pairWithOne') && isBuiltin(mergeValue, 'sum')) return 'times'
  if (isBuiltin(last.fn, 'pairWithNull') && isBuiltin(mergeValue, 'first')) return 'null'
  return undefined
}

/** Combines the pairs of a plan by key; counts keys as bytes where that comes to the same. */
export function compileCombining(
  plan: Plan,
  aggregator: Aggregator,
  compiler: PlanCompiler,
): (task: Task, table: CombineTable) => void {
  const combine = compiler.combiner(aggregator)
  const each = plan.op === 'chain' ? valueOfEach(aggregator, plan.steps.at(-1)) : undefined
  const tally = each && plan.op === 'chain' && compileTally({ ...plan, steps: plan.steps.slice(0, -1) }, compiler)
  if (tally) return (task, table) => tally(task, (key, times) => combine(table, key, each === 'times' ? times : null))
  const runner = compiler.runner(plan)
  return (task, table) =>
    runner(task, (record) => {
      const pair = asPair(record)
      combine(table, pair[0], pair[1])
    })
}

/**
 * A chain on text whose first steps can run on bytes and whose others have no effects: its values are counted in a table
 * of bytes, and the others run once for each distinct one. Undefined for other plans.
 */
export function compileTally(plan: Plan, compiler: PlanCompiler): Tally | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { slot, steps } = over
  const { filters, tokens, count } = byteSteps(steps)
  const rest = steps.slice(count)
  if (!tokens || !rest.every(isPure)) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const whole = compiler.loop(steps)
  const remaining = compiler.loop(rest)
  return (task, emit) => {
    const take = () => takeTally(kernels, tokens, remaining, task, emit)
    const records = (values: Iterable<unknown>) => {
      take()
      whole(values, (value) => emit(value, 1), task.meter)
    }
    kernels.clear()
    readText(task, slot, compiler.services, kernels, records, (region) => {
      kernels.count(kernels.select(region, filters), tokens)
      if (kernels.full) take()
    })
    take()
  }
}

/** Lines in text that pass filters, counted without being made. Undefined for plans that do more. */
export function compileLineCount(plan: Plan, compiler: PlanCompiler): ((task: Task) => number) | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { slot, steps } = over
  const { filters } = byteSteps(steps)
  if (filters.length < steps.length) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const whole = compiler.loop(steps)
  return (task) => {
    let n = 0
    const records = (values: Iterable<unknown>) => whole(values, () => n++, task.meter)
    readText(task, slot, compiler.services, kernels, records, (region, lines) => {
      n += filters.length === 0 ? lines : kernels.lines(kernels.select(region, filters))
    })
    return n
  }
}

/**
 * The lines of a text input that pass the filters at the beginning of a chain; others are never decoded. Undefined where
 * there are none.
 */
export function compileFilteredLines(
  plan: Plan & { op: 'chain' },
  compiler: PlanCompiler,
): { readonly source: Source; readonly steps: readonly Step[] } | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { slot, steps } = over
  const { filters } = byteSteps(steps)
  if (filters.length === 0) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const loop = compiler.loop(steps.slice(0, filters.length))
  const source: Source = (task, each) => {
    const records = (values: Iterable<unknown>) => {
      const out: unknown[] = []
      loop(values, (value) => out.push(value), task.meter)
      each(out)
    }
    readText(task, slot, compiler.services, kernels, records, (region) => {
      const selected = kernels.select(region, filters)
      if (selected.length > 0) eachLines(kernels.bytes(selected), each)
    })
  }
  return { source, steps: steps.slice(filters.length) }
}

/** A plan that only takes steps over one input. */
function overInput(plan: Plan): { readonly slot: number; readonly steps: readonly Step[] } | undefined {
  if (plan.op === 'input') return { slot: plan.slot, steps: [] }
  return plan.op === 'chain' && plan.of.op === 'input' ? { slot: plan.of.slot, steps: plan.steps } : undefined
}

/** Text piece by piece in the kernels' memory; what is no text, or has no room there, as records. Counts what is read. */
function readText(
  task: Task,
  slot: number,
  { segments }: ThreadServices,
  kernels: TextKernels,
  records: (records: readonly unknown[]) => void,
  piece: (region: Region, lines: number) => void,
): void {
  const counted = (values: readonly unknown[]) => {
    task.read[slot]! += values.length
    records(values)
  }
  readInput(task.inputs[slot]!, segments, counted, (text) =>
    eachPiece(text, (bytes) => {
      if (!kernels.fits(bytes)) return eachLines(bytes, counted)
      task.meter.vitals[PROGRESS]!++
      const region = kernels.load(bytes)
      const lines = kernels.lines(region)
      task.read[slot]! += lines
      piece(region, lines)
    }),
  )
}

function takeTally(
  kernels: TextKernels,
  tokens: Tokens,
  loop: Loop,
  task: Task,
  emit: (value: unknown, times: number) => void,
): void {
  const { keys, counts } = kernels.take()
  let i = -1
  // The loop takes the next key when it is through with the one before.
  const each = function* () {
    for (i = 0; i < keys.length; i++) {
      const key = keys[i]
      // Only here, and rarely, is white space looked for that takes more than one byte.
      if (tokens.kind === 'words' && key !== undefined && WIDE_SPACE.test(key)) yield* wordsOf(key)
      else yield key
    }
  }
  loop(each(), (value) => emit(value, counts[i]!), task.meter)
}

const WIDE_SPACE = /\s/
const wordsOf = words()
