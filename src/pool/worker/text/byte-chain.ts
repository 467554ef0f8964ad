import { words } from '../../../ops/functions/text.js'
import type { Plan, Step } from '../../../ops/plan.js'
import { eachLines } from '../../blocks/text.js'
import { arePure, byteSteps, type Tokens } from '../../kernels/byte-steps.js'
import type { EachKeyText, TakenTable } from '../../kernels/taken-table.js'
import type { Region } from '../../kernels/text-kernels.js'
import { KernelFallback } from '../operators/kernel-fallback.js'
import type { Loop } from '../operators/loop.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import { FilteredLines } from './filtered-lines.js'
import { overInput, readText } from './text-input.js'

/** Testing a condition of a line takes a quarter of the time in which functions test it. */
const MOST_PICKED = 0.75

/**
 * Yields values with their counts. A value may come several times. If all values are ASCII texts that come once, `texts`
 * receives them instead of `emit`.
 */
export type Tally = (task: Task, emit: (value: unknown, times: number) => void, texts?: EachKeyText) => void

/**
 * Compiles a chain on text whose first steps can run on bytes and whose other steps have no effects. It counts values
 * in a table of bytes, and runs the other steps once per distinct value. Returns undefined for other plans.
 */
export function compileTally(plan: Plan, compiler: PlanCompiler): Tally | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { steps } = over
  const { filters, filterSteps, program, tokens, count } = byteSteps(steps)
  const rest = steps.slice(count)
  if (!tokens || !arePure(rest, tokens)) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const whole = compiler.measuredLoop(steps)
  const first = compiler.loop(steps.slice(filterSteps, count))
  const remaining = compiler.loop(rest)
  return (task, emit, texts) => {
    // Whether the table has all values, as they are.
    let holdsAll = rest.length === 0
    const take = (onlyTexts?: EachKeyText) => {
      kernels.take('counts', (table) => {
        if (!onlyTexts || !table.eachText(onlyTexts)) emitTally(table, tokens, remaining, task, emit)
      })
      holdsAll = false
    }
    const records = (values: Iterable<unknown>) => {
      take()
      whole(values, (value) => emit(value, 1), task.meter)
    }
    const key = (value: unknown) => {
      if (kernels.countKey(value)) return
      take()
      remaining([value], (made) => emit(made, 1), task.meter)
    }
    const handed = new KernelFallback(kernels, (line) => first([line], key, task.meter), records)
    kernels.clear()
    readText(task, over, compiler.services, kernels, {
      loop: whole,
      records,
      onBytes: () => !handed.tooMany,
      wellFormed: program?.wellFormed || tokens.kind === 'computed',
      piece: (region) => {
        handed.conditional(kernels.select(region, filters), program, (lines) => kernels.count(lines, tokens))
        if (kernels.full) take()
      },
    })
    take(holdsAll ? texts : undefined)
  }
}

/** Compiles a count of lines that pass filters, without decoding them. Returns undefined for plans that do more. */
export function compileLineCount(plan: Plan, compiler: PlanCompiler): ((task: Task) => number) | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { steps } = over
  const { filters, filterSteps, program, tokens, count } = byteSteps(steps)
  if (tokens || count < steps.length) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const whole = compiler.measuredLoop(steps)
  const conditions = compiler.loop(steps.slice(filterSteps))
  return (task) => {
    let n = 0
    const records = (values: readonly unknown[]) => whole(values, () => n++, task.meter)
    const handed = new KernelFallback(kernels, (line) => conditions([line], () => n++, task.meter), records)
    const countLines = (lines: Region) => {
      n += kernels.lines(lines)
      return undefined
    }
    readText(task, over, compiler.services, kernels, {
      loop: steps.length > 0 ? whole : undefined,
      records,
      onBytes: () => !handed.tooMany,
      wellFormed: program?.wellFormed,
      piece: (region, lines) => {
        if (steps.length === 0) n += lines()
        else handed.conditional(kernels.select(region, filters), program, countLines)
      },
    })
    return n
  }
}

/**
 * Compiles the first filters of a chain on text: other lines are never decoded. Returns undefined if there are none.
 */
export function compileFilteredLines(
  plan: Plan & { op: 'chain' },
  compiler: PlanCompiler,
): { readonly source: Source; readonly steps: readonly Step[] } | undefined {
  const over = overInput(plan)
  if (!over) return undefined
  const { steps } = over
  const { filters, filterSteps, program } = byteSteps(steps)
  if (filterSteps === 0 && !program) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const loop = compiler.measuredLoop(steps.slice(0, filterSteps))
  const lines = new FilteredLines(kernels, filters, program, MOST_PICKED)
  const source: Source = (task, each) => {
    readText(task, over, compiler.services, kernels, {
      loop,
      records: (values) => {
        const out: unknown[] = []
        loop(values, (value) => out.push(value), task.meter)
        each(out)
      },
      wellFormed: program?.wellFormed,
      piece: (region) => lines.each(region, (picked) => eachLines(kernels.bytes(picked), each)),
    })
  }
  return { source, steps: steps.slice(filterSteps) }
}

function emitTally(
  table: TakenTable,
  tokens: Tokens,
  loop: Loop,
  task: Task,
  emit: (value: unknown, times: number) => void,
): void {
  const cursor = { at: -1 }
  loop(eachKey(table.keys(), tokens, cursor), (value) => emit(value, table.values[cursor.at]!), task.meter)
}

/**
 * Yields keys; `cursor.at` is the index of the last one. A generator function per task would keep the keys of all tasks alive until a
 * full collection: V8 allocates a map in the old generation for each such function, and the map refers to its closure.
 */
function* eachKey(keys: readonly unknown[], { kind }: Tokens, cursor: { at: number }): Generator<unknown> {
  for (cursor.at = 0; cursor.at < keys.length; cursor.at++) {
    const key = keys[cursor.at]
    // Only this path, which is rare, searches for white space of more than one byte.
    if (kind === 'words' && WIDE_SPACE.test(key as string)) yield* wordsOf(key as string)
    else yield key
  }
}

const WIDE_SPACE = /\s/
const wordsOf = words()
