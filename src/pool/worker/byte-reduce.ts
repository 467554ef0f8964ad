import type { FnRef } from '../../ops/functions/ref.js'
import type { Aggregator, Plan, Sink, Step } from '../../ops/plan.js'
import { byteReduction, type Merge } from '../kernels/byte-reduction.js'
import { isBuiltin } from '../kernels/byte-steps.js'
import { compileTally } from './byte-chain.js'
import type { CombineTable } from './combine-table.js'
import { HandedBack } from './handed-back.js'
import type { PlanCompiler } from './plans.js'
import { labelled, type Task } from './task.js'
import { overInput, readText } from './text-input.js'

type Pair = readonly [unknown, unknown]

/** Gives keys with values, to be merged in this order. The first of a key may be what many have come to. */
type Reduced = (task: Task, emit: (key: unknown, value: unknown) => void) => void

/** Combines the pairs of a plan by key; on bytes where that comes to the same. */
export function compileCombining(
  plan: Plan,
  aggregator: Aggregator,
  compiler: PlanCompiler,
): (task: Task, table: CombineTable) => void {
  const combine = compiler.combiner(aggregator)
  const reduced = compileCounted(plan, aggregator, compiler) ?? compileMerged(plan, aggregator, compiler)
  if (reduced) return (task, table) => reduced(task, (key, value) => combine(table, key, value))
  const runner = compiler.runner(plan)
  return (task, table) => runner(task, (pair) => combine(table, (pair as Pair)[0], (pair as Pair)[1]))
}

/**
 * An action that hands a partition of numbers to a library function which makes one of them. Undefined for others, and where
 * the numbers are not made on bytes.
 */
export function compileReduction(
  plan: Plan,
  { fn, label }: Sink & { op: 'apply' },
  compiler: PlanCompiler,
): ((task: Task) => unknown) | undefined {
  const merge = mergeOfPartition(fn)
  const reduced = merge && compileReduced(plan, merge, 'numbers', compiler)
  if (!reduced) return undefined
  const reduce = compiler.services.resolve(fn)
  return (task) => {
    // What many numbers have come to stands for them: the function gives the same.
    const numbers: unknown[] = []
    reduced(task, (_, value) => numbers.push(value))
    return labelled(task, label, () => reduce(numbers, task.partition))
  }
}

/** Where a shuffle only counts keys, or only collects them. */
function compileCounted(plan: Plan, aggregator: Aggregator, compiler: PlanCompiler): Reduced | undefined {
  const each = plan.op === 'chain' ? valueOfEach(aggregator, plan.steps.at(-1)) : undefined
  const tally = each && compileTally(withoutLast(plan), compiler)
  return tally && ((task, emit) => tally(task, (key, times) => emit(key, each === 'times' ? times : null)))
}

/** The value that each of a key's records adds. */
function valueOfEach({ mergeValue, create }: Aggregator, last: Step | undefined): 'times' | 'null' | undefined {
  if (create || last?.op !== 'map') return undefined
  if (isBuiltin(last.fn, 'pairWithOne') && isBuiltin(mergeValue, 'sum')) return 'times'
  if (isBuiltin(last.fn, 'pairWithNull') && isBuiltin(mergeValue, 'first')) return 'null'
  return undefined
}

/** Where a shuffle adds numbers up, or takes the largest or smallest: by key, or all of them under the key null. */
function compileMerged(plan: Plan, { mergeValue, create }: Aggregator, compiler: PlanCompiler): Reduced | undefined {
  const merge = create ? undefined : mergeOf(mergeValue)
  if (!merge || plan.op !== 'chain') return undefined
  const last = plan.steps.at(-1)!
  if (last.op !== 'map' || !isBuiltin(last.fn, 'pairWithNullKey')) return compileReduced(plan, merge, 'pairs', compiler)
  const reduced = compileReduced(withoutLast(plan), merge, 'numbers', compiler)
  return reduced && ((task, emit) => reduced(task, (_, value) => emit(null, value)))
}

function withoutLast(plan: Plan): Plan {
  return plan.op === 'chain' ? { ...plan, steps: plan.steps.slice(0, -1) } : plan
}

function mergeOf(fn: FnRef): Merge | undefined {
  return (['sum', 'max', 'min'] as const).find((name) => isBuiltin(fn, name))
}

/** How a function of a whole partition makes one number of many. */
function mergeOfPartition(fn: FnRef): Merge | undefined {
  if (isBuiltin(fn, 'sumOf')) return 'sum'
  const args = fn.k === 'builtin' ? (fn.args ?? []) : []
  if (isBuiltin(fn, 'reducePartition')) return args[0] && 'fn' in args[0] ? mergeOf(args[0].fn) : undefined
  if (!isBuiltin(fn, 'firstInOrder')) return undefined
  const [n, compare, sign] = args.map((arg) => ('fn' in arg ? arg.fn : arg.value))
  if (n !== 1 || !isBuiltin(compare as FnRef, 'naturalOrder')) return undefined
  return sign === 1 ? 'least' : 'max'
}

/**
 * A chain on text that makes numbers, with keys or without, merged in a table of bytes. Sums of fractions depend on the
 * order, so the table is taken once: at the end, or where a function makes what it cannot hold. From there on functions
 * do the rest of the task.
 */
function compileReduced(
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
