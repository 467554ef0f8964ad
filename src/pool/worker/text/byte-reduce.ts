import type { FnRef } from '../../../ops/functions/ref.js'
import type { Aggregator, Plan, Sink, Step } from '../../../ops/plan.js'
import type { Merge } from '../../kernels/byte-reduction.js'
import { isBuiltin, isPure } from '../../kernels/byte-steps.js'
import { meaningOf } from '../../kernels/meaning-of.js'
import { mergeOf } from '../../kernels/merge-of.js'
import type { EachKeyText } from '../../kernels/taken-table.js'
import { compileFold } from '../operators/fold.js'
import { compileJoinedCombine } from '../operators/joined-combine.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import { labelled, type Task } from '../runtime/task.js'
import type { CombineTable } from '../tables/combine-table.js'
import { compileTally } from './byte-chain.js'
import { compileReduced, type Reduced } from './byte-merge.js'

/**
 * Compiles a combine of a plan's pairs by key. It runs on bytes if the result is the same. The table stays empty if all
 * keys are texts that `texts` has received.
 */
export function compileCombining(
  plan: Plan,
  aggregator: Aggregator,
  compiler: PlanCompiler,
): (task: Task, table: CombineTable, texts?: EachKeyText<number | null>) => void {
  const combine = compiler.combiner(aggregator)
  const reduced = compileCounted(plan, aggregator, compiler) ?? compileMerged(plan, aggregator, compiler)
  if (reduced) return (task, table, texts) => reduced(task, (key, value) => combine(table, key, value), texts)
  const fold = compileFold(plan, aggregator, compiler)
  if (fold) {
    return (task, table) => {
      const { any, total } = fold(task)
      if (any) combine(table, null, total)
    }
  }
  const runner = compiler.pairRunner(plan)
  const general = (task: Task, table: CombineTable) =>
    runner(task, (key, value) => combine(table, key, value), undefined)
  return compileJoinedCombine(plan, aggregator, general, compiler) ?? general
}

/**
 * Compiles an action that reduces a partition of numbers to one by a library function. Returns undefined for other
 * actions, and if the numbers are not computed on bytes.
 */
export function compileReduction(
  plan: Plan,
  { fn, label }: Sink & { op: 'apply' },
  compiler: PlanCompiler,
): ((task: Task) => unknown) | undefined {
  const merge = mergeOfPartition(fn)
  const reduced = merge && compileNumbers(plan, merge, compiler)
  if (!reduced) return undefined
  const reduce = compiler.services.resolve(fn)
  return (task) => {
    // A partial aggregate represents its numbers: the function returns the same.
    const numbers: unknown[] = []
    reduced(task, (_, value) => numbers.push(value))
    return labelled(task, label, () => reduce(numbers, task.partition))
  }
}

/** Compiles a shuffle that only counts keys, or only collects them. */
function compileCounted(plan: Plan, aggregator: Aggregator, compiler: PlanCompiler): Reduced | undefined {
  const last = plan.op === 'chain' ? plan.steps.at(-1) : undefined
  const each = last && valueOfEach(aggregator, last)
  const tally = each && compileTally(keysOf(plan, last), compiler)
  if (!tally) return undefined
  const isMissing = isPairOfLibrary(last)
  return (task, emit, texts) => {
    let records = 0
    const counted = (times: number) => {
      records += times
      return each === 'times' ? times : null
    }
    const pass = (key: unknown, times: number) => emit(key, counted(times))
    const passText: EachKeyText | undefined =
      texts && ((memory, at, length, times) => texts(memory, at, length, counted(times)))
    tally(task, pass, passText)
    // The tally does the work of the last step.
    if (isMissing) task.meter.sample?.add({ label: last.label, recordsIn: records, recordsOut: records, ms: 0 })
  }
}

/** Returns the value that each record adds to its key. */
function valueOfEach({ mergeValue, create }: Aggregator, last: Step): 'times' | 'null' | undefined {
  const pair = !create && last.op === 'map' ? meaningOf(last.fn) : undefined
  if (pair?.is !== 'pair' || pair.of[1].is !== 'value') return undefined
  const { value } = pair.of[1]
  if (value === 1 && isBuiltin(mergeValue, 'sum')) return 'times'
  return value === null && isBuiltin(mergeValue, 'first') ? 'null' : undefined
}

/** Returns a plan that computes the keys of the pairs that its last step returns. */
function keysOf(plan: Plan, last: Step): Plan {
  if (isPairOfLibrary(last)) return withoutLast(plan)
  const key: Step = { op: 'map', fn: { k: 'builtin', name: 'keyOf' }, label: last.label }
  return plan.op === 'chain' ? { ...plan, steps: [...plan.steps, key] } : plan
}

function isPairOfLibrary({ fn }: Step): boolean {
  return isBuiltin(fn, 'pairWithOne') || isBuiltin(fn, 'pairWithNull')
}

/** Compiles a shuffle to the sum, largest or smallest of numbers: by key, or all of them under the key null. */
function compileMerged(plan: Plan, { mergeValue, create }: Aggregator, compiler: PlanCompiler): Reduced | undefined {
  const merge = create ? undefined : mergeOf(mergeValue)
  if (!merge || plan.op !== 'chain') return undefined
  const last = plan.steps.at(-1)!
  if (last.op !== 'map' || !isBuiltin(last.fn, 'pairWithNullKey')) return compileReduced(plan, merge, 'pairs', compiler)
  const reduced = compileNumbers(withoutLast(plan), merge, compiler)
  return reduced && ((task, emit) => reduced(task, (_, value) => emit(null, value)))
}

/** Compiles a reduction of numbers without keys. */
function compileNumbers(plan: Plan, merge: Merge, compiler: PlanCompiler): Reduced | undefined {
  return compileReduced(plan, merge, 'numbers', compiler) ?? compileDistinct(plan, merge, compiler)
}

/**
 * Compiles a reduction of numbers from parts of lines, each distinct part once: its count does not affect the largest
 * and smallest number, and sums of whole numbers can be multiplied by it.
 */
function compileDistinct(plan: Plan, merge: Merge, compiler: PlanCompiler): Reduced | undefined {
  const steps = plan.op === 'chain' ? plan.steps : []
  const last = steps.at(-1)
  const makeNumber = steps.filter(({ fn }) => NUMBERS.some((name) => isBuiltin(fn, name)))
  if (!last || makeNumber.length !== 1 || makeNumber[0] !== last || !isPure(last)) return undefined
  // A JSON value may have no length, or one that is no number.
  if (steps.some(({ fn }) => isBuiltin(fn, 'jsonField')) || (merge === 'sum' && !isBuiltin(last.fn, 'length')))
    return undefined
  const tally = compileTally(plan, compiler)
  return (
    tally &&
    ((task, emit) =>
      tally(task, (value, times) => emit(undefined, merge === 'sum' ? (value as number) * times : value)))
  )
}

const NUMBERS = ['length', 'parseNumber', 'numberField']

function withoutLast(plan: Plan): Plan {
  return plan.op === 'chain' ? { ...plan, steps: plan.steps.slice(0, -1) } : plan
}

/** Returns the merge that a function of a whole partition amounts to. */
function mergeOfPartition(fn: FnRef): Merge | undefined {
  if (isBuiltin(fn, 'sumOf')) return 'sum'
  const args = fn.k === 'builtin' ? (fn.args ?? []) : []
  if (isBuiltin(fn, 'reducePartition')) return args[0] && 'fn' in args[0] ? mergeOf(args[0].fn) : undefined
  if (!isBuiltin(fn, 'firstInOrder')) return undefined
  const [n, compare, sign] = args.map((arg) => ('fn' in arg ? arg.fn : arg.value))
  if (n !== 1 || !isBuiltin(compare as FnRef, 'naturalOrder')) return undefined
  return sign === 1 ? 'least' : 'max'
}
