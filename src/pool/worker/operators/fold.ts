import { checkText } from '../../../ops/functions/check-text.js'
import { isGuarded, unguarded } from '../../../ops/functions/guard.js'
import { checkResult } from '../../../ops/functions/results.js'
import type { Aggregator, Plan } from '../../../ops/plan.js'
import { isBuiltin } from '../../kernels/byte-steps.js'
import type { PlanCompiler, Runner } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'

/** The result of merging the values of a task. */
export interface Folded {
  /** Whether there were any values. */
  readonly any: boolean
  readonly total: unknown
}

type Binary = (a: unknown, b: unknown) => unknown
type Fold = (task: Task) => Folded

const TEXT = `
  'use strict'
  return function fold(task) {
    let any = false
    let total
    run(task, (value) => {
      if (any) {
        total = merge(total, value)
        CHECK
      } else {
        any = true
        total = value
      }
    })
    if (typeof total === 'object' && total !== null) check(total, true)
    return { any, total }
  }`

/** Compiles a plan that merges all records into one, under the key null, without pairs and look-ups of keys. */
export function compileFold(plan: Plan, { create, mergeValue }: Aggregator, compiler: PlanCompiler): Fold | undefined {
  const last = plan.op === 'chain' ? plan.steps.at(-1) : undefined
  if (create || plan.op !== 'chain' || last?.op !== 'map' || last.outcomes || !isBuiltin(last.fn, 'pairWithNullKey'))
    return undefined
  const steps = plan.steps.slice(0, -1)
  const { resolve, codegen } = compiler.services
  const run = compiler.runner(steps.length === 0 ? plan.of : { ...plan, steps })
  return makeFold(run, resolve(mergeValue) as Binary, codegen)
}

/** With `codegen`, generates a function for each program, like makeCombine. */
function makeFold(run: Runner, merge: Binary, codegen: boolean): Fold {
  if (codegen) {
    const text = TEXT.replace('CHECK', isGuarded(merge) ? checkText('total', 'self') : '')
    return new Function('run', 'merge', 'check', text)(run, unguarded(merge), checkResult) as Fold
  }
  return (task) => {
    let any = false
    let total: unknown
    run(task, (value) => {
      total = any ? merge(total, value) : value
      any = true
    })
    return { any, total }
  }
}
