import { forThisTaskIfAsync } from '../../../ops/accumulator.js'
import { checkResult, isThenable } from '../../../ops/functions/results.js'
import type { Plan, Sink } from '../../../ops/plan.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import { labelledLater, type Task } from '../runtime/task.js'

/**
 * Calls a function on each record. While it returns no promise, records stream through as in every loop. After the
 * first promise, the rest of the partition waits in an array, and the calls run one after the other.
 */
export function compileForeach(plan: Plan, { fn: ref, label }: Sink & { op: 'foreach' }, compiler: PlanCompiler) {
  const fn = compiler.services.resolve(ref)
  const runner = compiler.runner(plan, 'items')
  return (task: Task): void | Promise<void> => {
    let first: PromiseLike<unknown> | undefined
    const rest: unknown[] = []
    const call = (record: unknown): PromiseLike<unknown> | undefined => {
      const result: unknown = fn(record)
      if (typeof result !== 'object' || result === null) return undefined
      if (isThenable(result)) return result
      checkResult(result)
      return undefined
    }
    return labelledLater(task, label, () =>
      forThisTaskIfAsync(fn, () => {
        runner(task, (record) => {
          if (first) rest.push(record)
          else first = call(record)
        })
        if (first) return inTurn(first, rest, call, task)
      }),
    )
  }
}

async function inTurn(
  first: PromiseLike<unknown>,
  rest: readonly unknown[],
  call: (record: unknown) => PromiseLike<unknown> | undefined,
  { meter, cancellation }: Task,
): Promise<void> {
  await first
  cancellation.check()
  for (const record of rest) {
    meter.status[PROGRESS]!++
    await call(record)
    cancellation.check()
  }
}
