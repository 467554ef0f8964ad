import type { Pair } from '../../../ops/pair.js'
import type { Plan, Step } from '../../../ops/plan.js'
import { byteReduction, type Merge } from '../../kernels/byte-reduction.js'
import type { EachKeyText } from '../../kernels/taken-table.js'
import type { TextKernels } from '../../kernels/text-kernels.js'
import { KernelFallback } from '../operators/kernel-fallback.js'
import type { Loop } from '../operators/loop.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task, ThreadServices } from '../runtime/task.js'
import { overInput, readText } from './text-input.js'

/**
 * Yields keys with values, to be merged in this order. A key's first value may already be a partial aggregate. If all keys
 * are ASCII texts that come once, `texts` receives them instead of `emit`.
 */
export type Reduced = (
  task: Task,
  emit: (key: unknown, value: unknown) => void,
  texts?: EachKeyText<number | null>,
) => void

/**
 * Compiles a chain on text that computes numbers, with or without keys, and merges them in a table of bytes. Sums of
 * fractions depend on the order, so the table is emptied once: at the end, or at a value that it cannot hold. Functions
 * do the rest of the task.
 */
export function compileReduced(
  plan: Plan,
  merge: Merge,
  makes: 'numbers' | 'pairs',
  compiler: PlanCompiler,
): Reduced | undefined {
  const over = overInput(plan)
  const reduction = over && byteReduction(over.steps, makes)
  if (!reduction) return undefined
  const { kernels } = compiler.services
  if (!kernels) return undefined
  const whole = compiler.measuredLoop(over.steps)
  const split = makes === 'pairs' ? (made: unknown) => made as Pair : (made: unknown): Pair => [undefined, made]
  // The filters have passed these lines.
  const unfiltered = compiler.loop(over.steps.slice(reduction.filters.count))
  return reducing({
    ...over,
    reduction,
    merge,
    split,
    whole,
    unfiltered,
    kernels,
    services: compiler.services,
  })
}

/** The parts of a compiled chain. */
interface Reducing {
  readonly input: number
  readonly steps: readonly Step[]
  readonly reduction: NonNullable<ReturnType<typeof byteReduction>>
  readonly merge: Merge
  readonly split: (made: unknown) => Pair
  /** All steps of the chain. */
  readonly whole: Loop
  /** The steps after its filters. */
  readonly unfiltered: Loop
  readonly kernels: TextKernels
  readonly services: ThreadServices
}

function reducing({ input, steps, reduction, merge, split, whole, unfiltered, kernels, services }: Reducing): Reduced {
  return (task, emit, texts) => {
    let open = true
    const take = (onlyTexts?: EachKeyText) => {
      if (!open) return
      open = false
      kernels.take('merged', (table) => {
        if (onlyTexts && table.eachText(onlyTexts)) return
        const keys = table.keys()
        for (let i = 0; i < keys.length; i++) emit(keys[i], table.values[i])
      })
    }
    const onto = (made: unknown) => {
      const [key, value] = split(made)
      if (open && kernels.reduceKey(key, value, merge)) return
      take()
      emit(key, value)
    }
    const records = (values: Iterable<unknown>) => {
      take()
      whole(values, onto, task.meter)
    }
    const handed = new KernelFallback(kernels, (line) => unfiltered([line], onto, task.meter), records)
    const isOpen = () => open && !handed.tooMany
    kernels.clear()
    readText(task, { input, steps }, services, kernels, {
      loop: whole,
      // The table stays open, so kernels do the rest of the task.
      measured: (values) => whole(values, onto, task.meter),
      records,
      onBytes: isOpen,
      wellFormed: true,
      replaces: merge === 'greatest' || merge === 'lowest',
      piece: (region) => {
        handed.conditional(
          kernels.select(region, reduction.filters.filters),
          reduction.program,
          (lines) => kernels.reduce(lines, reduction, merge),
          isOpen,
        )
        if (kernels.full) take()
      },
    })
    take(texts)
  }
}
