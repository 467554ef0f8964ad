import type { Plan } from '../../../ops/plan.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'

/** Ends a loop early. Not an error, so it has no stack. */
const ENOUGH = Symbol('enough')

/**
 * Returns the first `n` records of a partition, and holds no more. Inputs are read to their end, because the records that they
 * bring are counted and their bytes are verified; only generated numbers stop early.
 */
export function compileTake(plan: Plan, n: number, compiler: PlanCompiler): (task: Task) => unknown[] {
  if (plan.op === 'state') return ofState(compiler.forLoop(plan), n)
  const runner = compiler.runner(plan)
  return (task) => {
    const taken: unknown[] = []
    const mayStop = task.inputs.every((input) => input.in === 'range')
    try {
      runner(task, (record) => {
        if (taken.length < n) taken.push(record)
        if (mayStop && taken.length === n) throw ENOUGH
      })
    } catch (thrown) {
      if (thrown !== ENOUGH) throw thrown
    }
    return taken
  }
}

/** Takes entries of state. The keys of other entries are not decoded. */
function ofState(source: Source, n: number): (task: Task) => unknown[] {
  return (task) => {
    const taken: unknown[] = []
    source(task, (records) => {
      if (taken.length === n) return
      for (const record of records) {
        taken.push(record)
        if (taken.length === n) return
      }
    })
    return taken
  }
}
