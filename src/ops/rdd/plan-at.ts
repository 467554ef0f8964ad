import type { Plan, Step } from '../plan.js'
import type { Planner, Rdd } from './rdd.js'

/**
 * The plan of a parent's partition inside a task of another number. Functions that see the number of their partition
 * must see the parent's: an index, a sample or a unique id depends on it. Where nothing asks, the plan stays as it is.
 */
export function planAt(planner: Planner, parent: Rdd<unknown>, theirs: number, mine: number): Plan {
  const plan = planner.of(parent, theirs)
  if (theirs === mine || !asksNumber(plan)) return plan
  return { op: 'at', of: plan, slot: planner.source({ from: 'range', start: theirs, end: theirs + 1, step: 1 }) }
}

function asksNumber(plan: Plan): boolean {
  switch (plan.op) {
    case 'input':
    case 'merge':
    case 'at':
      return false
    case 'zip':
      return true
    case 'chain':
      return plan.steps.some(seesPartition) || asksNumber(plan.of)
    case 'concat':
    case 'cogroup':
    case 'join':
      return plan.of.some(asksNumber)
    case 'combine':
    case 'keep':
    case 'stamp':
    case 'parts':
      return asksNumber(plan.of)
    case 'state':
      return plan.changes.flat().some(asksNumber)
  }
}

function seesPartition(step: Step): boolean {
  return step.op === 'mapPartitions' || (step.op === 'mapAsync' && step.whole)
}
