import type { Expression } from '../../ops/functions/expression.js'
import { isExactText } from './byte-arguments.js'
import { fieldOf, type JsonField, jsonFieldOf } from './byte-fields.js'

/** A condition of a line. Where it is not certain on bytes, the function decides. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly [Condition, Condition] }
  | { readonly kind: 'not'; readonly of: Condition }
  | PartTest

/** A test of one part of a line. */
export type PartTest =
  | { readonly kind: 'text'; readonly part: Part; readonly test: TextTest; readonly text: Buffer }
  /** Whether a field of JSON is true, false or null. */
  | { readonly kind: 'literal'; readonly part: Part; readonly text: Buffer }
  | { readonly kind: 'number' | 'length'; readonly part: Part; readonly by: NumberTest; readonly than: number }

export type TextTest = 'startsWith' | 'endsWith' | 'equals' | 'includes'
export type NumberTest = '<' | '<=' | '>' | '>=' | '==='

/** A part of a line; `json`: its value may have any type. */
export type Part =
  | { readonly kind: 'line' }
  | { readonly kind: 'field'; readonly separator: number; readonly index: number }
  | { readonly kind: 'json'; readonly field: JsonField }

const MAX_TEXT_BYTES = 256
const FLIPPED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '===': '===', '!==': '!==' } as const

/** Returns the condition of a line that an expression is; undefined if it cannot be evaluated on bytes. */
export function conditionOf(expression: Expression): Condition | undefined {
  switch (expression.is) {
    case 'not': {
      const of = conditionOf(expression.of)
      return of && { kind: 'not', of }
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
    case 'record': {
      const empty = textTest(expression, 'equals', '')
      return empty && { kind: 'not', of: empty }
    }
    case '===':
    case '!==':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = expression.of
      if (right.is === 'value') return comparison(expression.is, left, right.value)
      return left.is === 'value' ? comparison(FLIPPED[expression.is], right, left.value) : undefined
    }
    default:
      return undefined
  }
}

function comparison(is: keyof typeof FLIPPED, of: Expression, value: unknown): Condition | undefined {
  if (is === '!==') {
    const equal = comparison('===', of, value)
    return equal && { kind: 'not', of: equal }
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
    return part && { kind: 'length', part, by, than }
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

function partOf(made: Expression): Part | undefined {
  if (made.is === 'record') return { kind: 'line' }
  const at = fieldOf(made)
  if (at) return { kind: 'field', ...at }
  const field = jsonFieldOf(made)
  // A lenient field of a library function does not throw.
  return field?.strict ? { kind: 'json', field } : undefined
}

/** Returns whether a condition needs valid UTF-8, because it counts characters. */
export function countsUnits(condition: Condition): boolean {
  if ('part' in condition) return condition.kind === 'length'
  return condition.kind === 'not' ? countsUnits(condition.of) : condition.of.some(countsUnits)
}
