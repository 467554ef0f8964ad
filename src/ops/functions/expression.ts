/**
 * The meaning of a function of one value, as plain data: exactly that of the JavaScript that it was read from. Kernels
 * compute expressions on bytes; where they cannot, the function itself runs.
 */
export type Expression =
  /** The function's parameter. */
  | { readonly is: 'record' }
  | { readonly is: 'value'; readonly value: Constant }
  /** Methods without arguments, `JSON.parse(x)`, `Number(x)`, `${x}`, `!x` and `-x`. */
  | {
      readonly is: 'trim' | 'toLowerCase' | 'toUpperCase' | 'length' | 'json' | 'number' | 'text' | 'not' | 'negative'
      readonly of: Expression
    }
  /** `Math.floor(x)`. */
  | { readonly is: Rounding; readonly of: Expression }
  | { readonly is: TextTest; readonly of: Expression; readonly text: string }
  | { readonly is: 'split'; readonly of: Expression; readonly separator: string }
  /** `x.split(/\s+/)`. */
  | { readonly is: 'splitSpaces'; readonly of: Expression }
  /** `x[2]`, or the third name of an array pattern. */
  | { readonly is: 'item'; readonly of: Expression; readonly index: number }
  | { readonly is: 'field'; readonly of: Expression; readonly name: string }
  | { readonly is: 'and' | 'or' | Comparison | Arithmetic; readonly of: readonly [Expression, Expression] }
  /** `${a}:${b}`: the texts of its parts, one after the other. */
  | { readonly is: 'template'; readonly of: readonly Expression[] }
  /** `[a, b]`. */
  | { readonly is: 'pair'; readonly of: readonly [Expression, Expression] }
  /** `array.filter(test)` and `array.map(fn)`: `each` is an expression of the element. */
  | { readonly is: 'filter' | 'map'; readonly of: Expression; readonly each: Expression }
  /** Of functions of the library only: their results differ from the JavaScript that people write. */
  | { readonly is: 'words' | 'hashtags' | 'parseNumber' | 'numberOrNaN'; readonly of: Expression }
  | { readonly is: 'jsonField'; readonly of: Expression; readonly path: string }

export type Constant = string | number | boolean | null
export type TextTest = 'includes' | 'startsWith' | 'endsWith'
export type Comparison = '===' | '!==' | '<' | '<=' | '>' | '>='

export type Arithmetic = '+' | '-' | '*' | '/' | '%'
export type Rounding = 'floor' | 'ceil' | 'trunc' | 'round' | 'abs'

export const RECORD: Expression = { is: 'record' }

/** Returns the expression with `record` in place of its parameter: `outer` after the function that made `record`. */
export function applied(outer: Expression, record: Expression): Expression {
  if (outer.is === 'record') return record
  if (outer.is === 'value') return outer
  if (isList(outer)) return { is: outer.is, of: outer.of.map((part) => applied(part, record)) } as Expression
  const of = applied(outer.of, record)
  // An item of a pair is that expression, if the other one cannot throw.
  if (outer.is === 'item' && of.is === 'pair' && outer.index < 2) {
    const other = of.of[1 - outer.index]!
    if (other.is === 'value' || other.is === 'record') return of.of[outer.index]!
  }
  return { ...outer, of } as Expression
}

/** An expression of several others. */
export type List = Extract<Expression, { readonly of: readonly Expression[] }>

export function isList(expression: Expression): expression is List {
  return 'of' in expression && Array.isArray(expression.of)
}
