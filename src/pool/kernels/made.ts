import { type Expression, isList, membersOf, RECORD } from '../../ops/functions/meaning/expression.js'
import { typeOf } from '../../ops/functions/meaning/expression-type.js'
import type { Step } from '../../ops/plan.js'
import { type Condition, conditionOf } from './condition.js'
import { lineKey } from './line-key.js'
import { lineNumber } from './line-number.js'
import { partOf } from './line-part.js'
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
  /** Expressions that the steps evaluate for each line besides the record: members that no later step reads. */
  readonly unread: readonly Expression[]
  /** Expressions that the condition evaluates, so they do not throw for lines for which it holds. */
  readonly evaluated: readonly Expression[]
}

/** A line itself. */
export const LINE: Made = { made: RECORD, program: undefined, unread: [], evaluated: [] }

/** Returns the same after one more step: a filter adds to the condition. Undefined if kernels cannot do the step. */
export function afterStep(of: Made, step: Step): Made | undefined {
  const { made } = of
  if (step.op !== 'filter') {
    const result = after(made, step)
    return result && { ...of, made: result, unread: [...of.unread, ...membersOf(made)] }
  }
  const passes = after(made, { ...step, op: 'map' })
  const condition = passes && conditionOf(passes)
  if (!condition) return undefined
  const members = membersOf(made)
  // Whatever throws before the filter must throw, also for lines that it drops.
  const before = evaluating({ ...of, unread: [...of.unread, ...members] }, [passes])
  const program = before && and(before.program, condition)
  return program && { made, program, unread: [], evaluated: [...before.evaluated, ...members, passes] }
}

/**
 * Returns the same with a condition that evaluates what the steps do and `last` does not, so that no line passes for
 * which the function throws. Undefined if kernels cannot.
 */
export function evaluating(of: Made, last: readonly Expression[]): Made | undefined {
  let { program } = of
  const evaluated = [...of.evaluated, ...last].flatMap(alwaysEvaluated)
  for (const member of of.unread) {
    if (typeOf(member, 'text') !== undefined || isEvaluated(member, evaluated)) continue
    const certain = certainty(member)
    if (!certain) return undefined
    for (const condition of certain) {
      program = and(program, condition)
      if (!program) return undefined
    }
    evaluated.push(member)
  }
  return { ...of, program, unread: [] }
}

function and(program: ConditionProgram | undefined, condition: Condition): ConditionProgram | undefined {
  const both: Condition = program ? { kind: 'and', of: [program.condition, condition] } : condition
  const written = programOf(both)
  return written && { ...written, condition: both }
}

/** Returns conditions that hold for every line of which kernels know that an expression does not throw. */
function certainty(made: Expression): readonly Condition[] | undefined {
  const part = partOf(made)
  if (part) return [{ kind: 'present', part }]
  const key = lineKey(made)
  if (key?.kind === 'joined') {
    return key.of.flatMap((piece): readonly Condition[] => {
      if (piece.kind === 'fixed') return []
      return [piece.kind === 'part' ? { kind: 'present', part: piece.part } : { kind: 'certain', of: [piece] }]
    })
  }
  const number = lineNumber(made, false)
  return number && [{ kind: 'certain', of: [number] }]
}

function isEvaluated(member: Expression, evaluated: readonly Expression[]): boolean {
  const text = JSON.stringify(member)
  return evaluated.some((other) => JSON.stringify(other) === text || readsTheSame(member, other))
}

/** Whether both read a field of one object: if it has none of it, both throw. */
function readsTheSame(a: Expression, b: Expression): boolean {
  return isRead(a) && isRead(b) && JSON.stringify(a.of) === JSON.stringify(b.of)
}

function isRead(of: Expression): of is Extract<Expression, { is: 'field' | 'item' | 'length' }> {
  return of.is === 'field' || of.is === 'item' || of.is === 'length'
}

/** Returns the expressions whose values another one always needs, itself included. */
function alwaysEvaluated(of: Expression): readonly Expression[] {
  if (of.is === 'record' || of.is === 'value') return []
  if (!isList(of)) return [of, ...alwaysEvaluated(of.of)]
  const parts = of.is === 'and' || of.is === 'or' ? of.of.slice(0, 1) : of.of
  return [of, ...parts.flatMap(alwaysEvaluated)]
}
