import type { Pair } from '../../ops/pair.js'
import type { Plan } from '../../ops/plan.js'
import { byteReduction, type Merge } from '../kernels/byte-reduction.js'
import { HandedBack } from './handed-back.js'
import type { PlanCompiler } from './plans.js'
import type { Task } from './task.js'
import { overInput, readText } from './text-input.js'

/** Gives keys with values, to be merged in this order. The first of a key may be what many have come to. */
export type Reduced = (task: Task, emit: (key: unknown, value: unknown) => void) => void

/**
 * A chain on text that makes numbers, with keys or without, merged in a table of bytes. Sums of fractions depend on the
 * order, so the table is taken once: at the end, or where a function makes what it cannot hold. From there on functions
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
  const whole = compiler.loop(over.steps)
  const split = makes === 'pairs' ? (made: unknown) => made as Pair : (made: unknown): Pair => [undefined, made]
  // The filters have let pass what comes here.
  const unfiltered = compiler.loop(over.steps.slice(reduction.filters.length))
  return (task, emit) => {
    let open = true
    const take = () => {
      if (!open) return
      open = false
      const { keys, values } = kernels.takeReduced()
      for (let i = 0; i < keys.length; i++) emit(keys[i], values[i])
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
    const handed = new HandedBack(kernels, (line) => unfiltered([line], onto, task.meter), records)
    const isOpen = () => open && !handed.tooMany
    kernels.clear()
    readText(task, over.slot, compiler.services, kernels, {
      records,
      onBytes: isOpen,
      wellFormed: true,
      piece: (region) => {
        handed.run(
          kernels.select(region, reduction.filters),
          (lines) => kernels.reduce(lines, reduction, merge),
          isOpen,
        )
        if (kernels.full) take()
      },
    })
    take()
  }
}
