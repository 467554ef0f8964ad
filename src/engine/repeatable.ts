import type { Plan, Program } from '../ops/plan.js'

/** Whether it neither gives a partition to a function as a whole, which may write it somewhere, nor awaits calls. */
export function isRepeatable({ plan, sink }: Program): boolean {
  return sink.op !== 'apply' && !awaits(plan)
}

function awaits(part: Plan | unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return (part as { op?: unknown }).op === 'mapAsync' || Object.values(part).some(awaits)
}
