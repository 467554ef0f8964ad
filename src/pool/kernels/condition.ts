import type { Expression } from '../../ops/functions/meaning/expression.js'
import { isExactText } from './byte-arguments.js'
import { isAlwaysNumber, type LineNumber, lineNumber } from './line-number.js'
import { type Part, partOf } from './line-part.js'

/** A condition of a line. Where it is not certain on bytes, the function decides. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly [Condition, Condition] }
  | { readonly kind: 'not'; readonly of: readonly [Condition] }
  | { readonly kind: 'compared'; readonly by: NumberTest; readonly of: readonly [LineNumber, LineNumber] }
  /** Hold always; where the number is not certain, or the part cannot be read without an error, the function decides. */
  | { readonly kind: 'certain'; readonly of: readonly [LineNumber] }
  | { readonly kind: 'present'; readonly part: Part }
  | PartTest

/** A test of one part of a line. */
export type PartTest =
  | { readonly kind: 'text'; readonly part: Part; readonly test: TextTest; readonly text: Buffer }
  /** Whether a field of JSON is true, false or null. */
  | { readonly kind: 'literal'; readonly part: Part; readonly text: Buffer }
  | { readonly kind: 'number' | 'lengthTest'; readonly part: Part; readonly by: NumberTest; readonly than: number }

export type TextTest = 'startsWith' | 'endsWith' | 'equals' | 'includes'
export type NumberTest = '<' | '<=' | '>' | '>=' | '==='

const MAX_TEXT_BYTES = 256
const FLIPPED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '===': '===', '!==': '!==' } as const

/** Returns the condition of a line that an expression is; undefined if it cannot be evaluated on bytes. */
export function conditionOf(expression: Expression): Condition | undefined {
  switch (expression.is) {
    case 'not': {
      const of = conditionOf(expression.of)
      return of && not(of)
    }
    case 'and':
    case 'or': {
      const [left, right] = expression.of.map(conditionOf)
      return left && right && { kind: expression.is, of: [left, right] }
    }
    case 'includes':
    case 'startsWith':
    case 'endsWith':
      return expression.text === '' ? undefined : textTest(expression.of, expression.is, expression.text)
    case 'oneOf': {
      const tests = expression.values.map((value) => comparison('===', expression.of, value))
      return tests.length > 0 && tests.every((test) => test !== undefined) ? tests.reduceRight(either) : undefined
    }
    case 'record': {
      const empty = textTest(expression, 'equals', '')
      return empty && not(empty)
    }
    case '===':
    case '!==':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = expression.of
      const { is } = expression
      const ofPart =
        right.is === 'value'
          ? comparison(is, left, right.value)
          : left.is === 'value' && comparison(FLIPPED[is], right, left.value)
      return ofPart || ofNumbers(is, left, right)
    }
    default:
      return undefined
  }
}

function comparison(is: keyof typeof FLIPPED, of: Expression, value: unknown): Condition | undefined {
  if (is === '!==') {
    const equal = comparison('===', of, value)
    return equal && not(equal)
  }
  if (typeof value === 'number') return numberTest(is, of, value)
  if (is !== '===') return undefined
  if (typeof value === 'string') return textTest(of, 'equals', value)
  const part = partOf(of)
  return part?.kind === 'json' ? { kind: 'literal', part, text: Buffer.from(String(value)) } : undefined
}

function numberTest(by: NumberTest, of: Expression, than: number): Condition | undefined {
  if (of.is === 'length') {
    const part = partOf(of.of)
    return part && { kind: 'lengthTest', part, by, than }
  }
  const converts = of.is === 'number'
  const part = partOf(converts ? of.of : of)
  // `Number` converts JSON of any type, and a text is never equal to a number.
  if (!part || (part.kind === 'json' ? converts : !converts && by === '===')) return undefined
  return { kind: 'number', part, by, than }
}

function textTest(of: Expression, test: TextTest, text: string): Condition | undefined {
  const part = partOf(of)
  // At its end the bytes of a line may differ from its text, which has no carriage return.
  if (!part || !isExactText(text) || /[\r\n]/.test(text)) return undefined
  const bytes = Buffer.from(text)
  return bytes.length <= MAX_TEXT_BYTES ? { kind: 'text', part, test, text: bytes } : undefined
}

/** Returns a comparison of two numbers, of which at least one is computed. */
function ofNumbers(is: keyof typeof FLIPPED, left: Expression, right: Expression): Condition | undefined {
  if (is === '!==') {
    const equal = ofNumbers('===', left, right)
    return equal && not(equal)
  }
  let first = lineNumber(left, false)
  let second = lineNumber(right, false)
  // The order of a text and a number is that of numbers. Two texts are ordered as texts.
  if (is !== '===' && second && isAlwaysNumber(second)) first ??= lineNumber(left, true)
  if (is !== '===' && first && isAlwaysNumber(first)) second ??= lineNumber(right, true)
  return first && second && { kind: 'compared', by: is, of: [first, second] }
}

function either(right: Condition, left: Condition): Condition {
  return { kind: 'or', of: [left, right] }
}

function not(of: Condition): Condition {
  return { kind: 'not', of: [of] }
}
