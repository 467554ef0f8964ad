import type { Dataset, Planner } from '../dataset.js'
import type { Plan, Step } from '../plan.js'

/**
 * Returns the plan of a parent's partition inside a task of another number. Functions that see their partition's number
 * must see the parent's, because an index, a sample or a unique id depends on it. If no function sees the number, the
 * plan is unchanged.
 */
export function planAt(planner: Planner, parent: Dataset, theirs: number, mine: number): Plan {
  const plan = planner.of(parent, theirs)
  if (theirs === mine || !seesNumber(plan)) return plan
  return { op: 'at', of: plan, input: planner.source({ from: 'range', start: theirs, end: theirs + 1, step: 1 }) }
}

function seesNumber(plan: Plan): boolean {
  switch (plan.op) {
    case 'input':
    case 'merge':
    case 'at':
      return false
    case 'zip':
      return true
    case 'chain':
      return plan.steps.some(seesPartition) || seesNumber(plan.of)
    case 'concat':
    case 'cogroup':
    case 'join':
      return plan.of.some(seesNumber)
    case 'combine':
    case 'keep':
    case 'stamp':
    case 'parts':
      return seesNumber(plan.of)
    case 'state':
      return plan.changes.flat().some(seesNumber)
  }
}

function seesPartition(step: Step): boolean {
  return step.op === 'mapPartitions' || (step.op === 'mapAsync' && step.whole)
}
