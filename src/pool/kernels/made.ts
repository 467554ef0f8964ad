import type { Expression } from '../../ops/functions/expression.js'
import type { Step } from '../../ops/plan.js'
import { type Condition, conditionOf } from './condition.js'
import { after } from './meaning-of.js'
import { type LineProgram, programOf } from './program-writer.js'

/** The program of a condition of lines. */
export interface ConditionProgram extends LineProgram {
  readonly condition: Condition
}

/** The record that steps make of a line, and the condition under which they do. */
export interface Made {
  readonly made: Expression
  readonly program: ConditionProgram | undefined
}

/** Returns the same after one more step: a filter adds to the condition. Undefined if kernels cannot do the step. */
export function afterStep({ made, program }: Made, step: Step): Made | undefined {
  if (step.op !== 'filter') {
    const result = after(made, step)
    return result && { made: result, program }
  }
  const passes = after(made, { ...step, op: 'map' })
  const condition = passes && conditionOf(passes)
  return condition && filtered(made, program ? { kind: 'and', of: [program.condition, condition] } : condition)
}

function filtered(made: Expression, condition: Condition): Made | undefined {
  const program = programOf(condition)
  return program && { made, program: { ...program, condition } }
}
