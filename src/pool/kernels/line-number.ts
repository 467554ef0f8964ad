import type { Arithmetic, Expression, Rounding } from '../../ops/functions/meaning/expression.js'
import { type Part, partOf } from './line-part.js'

/** A number that a function computes from a line. Where it is not certain on bytes, the function computes it. */
export type LineNumber =
  | { readonly kind: 'constant'; readonly value: number }
  /** `converted`: as by `Number`; JSON must be a number. `length`: in UTF-16 units. */
  | { readonly kind: 'converted' | 'length'; readonly part: Part }
  | { readonly kind: 'negative' | Rounding; readonly of: readonly [LineNumber] }
  | { readonly kind: Arithmetic; readonly of: readonly [LineNumber, LineNumber] }

/**
 * Returns the number of a line that an expression is. `converts`: its context converts it to a number, as `*` does;
 * otherwise it must be one.
 */
export function lineNumber(made: Expression, converts: boolean): LineNumber | undefined {
  switch (made.is) {
    case 'value':
      return typeof made.value === 'number' ? { kind: 'constant', value: made.value } : undefined
    case 'length': {
      const part = partOf(made.of)
      return part && { kind: 'length', part }
    }
    case 'number':
      return lineNumber(made.of, true)
    case 'negative':
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'round':
    case 'abs': {
      const of = lineNumber(made.of, true)
      return of && { kind: made.is, of: [of] }
    }
    case '-':
    case '*':
    case '/':
    case '%':
      return ofBoth(made.is, made.of, true)
    case '+':
      // Texts are joined instead.
      return ofBoth('+', made.of, false)
    default: {
      const part = partOf(made)
      return part && (converts || part.kind === 'json') ? { kind: 'converted', part } : undefined
    }
  }
}

function ofBoth(
  kind: Arithmetic,
  [first, second]: readonly [Expression, Expression],
  converts: boolean,
): LineNumber | undefined {
  const left = lineNumber(first, converts)
  const right = left && lineNumber(second, converts)
  return right && { kind, of: [left, right] }
}

/** Returns whether an expression that is a number of a line is one whatever the line contains, unlike JSON. */
export function isAlwaysNumber(number: LineNumber): boolean {
  if ('part' in number) return number.kind === 'length' || number.part.kind !== 'json'
  return number.kind !== '+' || number.of.every(isAlwaysNumber)
}
