import type { Plan } from '../../../ops/plan.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler } from '../runtime/plan-compiler.js'
import type { Task } from '../runtime/task.js'
import type { RightSide } from '../tables/kept-partners.js'
import { PartnerIndex } from '../tables/partner-index.js'
import { Partners } from '../tables/partners.js'
import { compileColumns } from './merge.js'

/** Compiles the right side of a join. If tasks read it from the same blocks again, the thread keeps it. */
export function compilePartners(plan: Plan, compiler: PlanCompiler): (task: Task) => Partners {
  const columns = compileColumns(plan, compiler)
  const { kept } = compiler.services
  return (task) => {
    const side = rightSide(plan, task)
    const known = side && kept.find(side)
    if (known?.partners) {
      if (plan.op === 'input') task.read[plan.input]! += known.partners.index.rows
      return known.partners
    }
    const parts: PairColumns[] = []
    columns(task, (part) => parts.push(part))
    if (known?.index) return new Partners(known.index, parts)
    const index = new PartnerIndex(
      parts.map(({ keys }) => keys),
      () => task.meter.status[PROGRESS]!++,
    )
    const partners = new Partners(index, parts)
    if (side) kept.offer(side, partners)
    return partners
  }
}

/** Returns the blocks of a plan that only reads blocks. */
function rightSide(plan: Plan, { inputs }: Task): RightSide | undefined {
  if (plan.op !== 'input' && (plan.op !== 'merge' || plan.aggregator)) return undefined
  const input = inputs[plan.input]!
  if (input.in === 'shuffle') return { blocks: input.outputs.map(({ id }) => id), part: input.partition }
  if (input.in !== 'blocks') return undefined
  // Text has no keys, and a part of a block is always text.
  return input.slices.every(({ block }) => block.codec === 'records')
    ? { blocks: input.slices.map(({ block }) => block.id), part: 0 }
    : undefined
}
