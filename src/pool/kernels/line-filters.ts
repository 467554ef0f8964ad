import type { Expression } from '../../ops/functions/meaning/expression.js'
import type { Step } from '../../ops/plan.js'
import { isExactText } from './byte-arguments.js'
import { meaningOf } from './meaning-of.js'

/** Lines that contain some bytes, begin or end with them, or are them; with `not`, the other lines. */
export interface LineFilter {
  readonly kind: 'includes' | 'startsWith' | 'endsWith' | 'equals'
  readonly needle: Buffer
  readonly not: boolean
}

/** The first filters of a chain that can run on bytes. */
export interface LineFilters {
  readonly filters: readonly LineFilter[]
  /** The number of their steps: a step may be several filters. */
  readonly count: number
}

const MAX_NEEDLE_BYTES = 1024

/** Returns the first filters of a chain that can run on bytes. */
export function lineFilters(steps: readonly Step[]): LineFilters {
  const filters: LineFilter[] = []
  let count = 0
  for (const step of steps) {
    const means = step.op === 'filter' && step.outcomes !== true ? meaningOf(step.fn) : undefined
    const found = means && testsOf(means, false)
    if (!found) break
    filters.push(...found)
    count++
  }
  return { filters, count }
}

/** Returns tests of a line that all pass exactly if a condition of the line, or its negation, holds. */
function testsOf(condition: Expression, not: boolean): readonly LineFilter[] | undefined {
  switch (condition.is) {
    case 'record':
      return [{ kind: 'equals', needle: Buffer.alloc(0), not: !not }]
    case 'length':
      return condition.of.is === 'record' ? testsOf(condition.of, not) : undefined
    case 'includes':
    case 'startsWith':
    case 'endsWith':
      return condition.of.is === 'record' && condition.text !== '' ? test(condition.is, condition.text, not) : undefined
    case 'not':
      return testsOf(condition.of, !not)
    case 'and':
    case 'or': {
      // Several tests that all pass: `a && b`, or `!(a || b)`.
      if ((condition.is === 'and') === not) return undefined
      const [left, right] = condition.of.map((part) => testsOf(part, not))
      return left && right && [...left, ...right]
    }
    default:
      return 'of' in condition && Array.isArray(condition.of) ? comparison(condition.is, condition.of, not) : undefined
  }
}

/** Returns the test of a line's text, or of whether it has any characters. */
function comparison(is: Expression['is'], of: readonly Expression[], not: boolean): readonly LineFilter[] | undefined {
  const [left, right] = of as [Expression, Expression]
  if (right.is !== 'value') return undefined
  if (left.is === 'record' && typeof right.value === 'string') {
    if (is === '===') return test('equals', right.value, not)
    return is === '!==' ? test('equals', right.value, !not) : undefined
  }
  if (left.is !== 'length' || left.of.is !== 'record') return undefined
  const written = `${is} ${right.value}`
  if (['> 0', '!== 0', '>= 1'].includes(written)) return test('equals', '', !not)
  return ['=== 0', '< 1', '<= 0'].includes(written) ? test('equals', '', not) : undefined
}

function test(kind: LineFilter['kind'], text: string, not: boolean): readonly LineFilter[] | undefined {
  // At its end the bytes of a line may differ from its text, which has no carriage return.
  if (!isExactText(text) || /[\r\n]/.test(text)) return undefined
  const needle = Buffer.from(text)
  return needle.length <= MAX_NEEDLE_BYTES ? [{ kind, needle, not }] : undefined
}
