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
  /** `['a', 'b'].includes(x)`. */
  | { readonly is: 'oneOf'; readonly of: Expression; readonly values: readonly Constant[] }
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
  /** `{ a: x, b: y }`. */
  | { readonly is: 'object'; readonly names: readonly string[]; readonly of: readonly Expression[] }
  /** `array.filter(test)` and `array.map(fn)`: `each` is an expression of the element. */
  | { readonly is: 'filter' | 'map'; readonly of: Expression; readonly each: Expression }
  /** Of functions of the library only: their results differ from the JavaScript that people write. */
  | { readonly is: 'words' | 'hashtags' | 'parseNumber' | 'numberOrNaN'; readonly of: Expression }
  | { readonly is: 'jsonField'; readonly of: Expression; readonly path: string }

export type Constant = string | number | boolean | null

export function constantOf(value: unknown): Constant | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) || value === null ? (value as Constant) : undefined
}
export type TextTest = 'includes' | 'startsWith' | 'endsWith'
export type Comparison = '===' | '!==' | '<' | '<=' | '>' | '>='

export type Arithmetic = '+' | '-' | '*' | '/' | '%'
export type Rounding = 'floor' | 'ceil' | 'trunc' | 'round' | 'abs'

export const RECORD: Expression = { is: 'record' }

/**
 * Returns the expression with `record` in place of its parameter: `outer` after the function that made `record`. Where it
 * reads a member of a pair or object, the other members are gone, although `record` evaluates them: see `membersOf`.
 */
export function applied(outer: Expression, record: Expression): Expression {
  if (outer.is === 'record') return record
  if (outer.is === 'value') return outer
  if (isList(outer)) return { ...outer, of: outer.of.map((part) => applied(part, record)) } as Expression
  const of = applied(outer.of, record)
  // A read of the function's own pair or object stays as it is, so that no member is lost.
  if (outer.of.is === 'pair' || outer.of.is === 'object') return { ...outer, of } as Expression
  if (outer.is === 'item' && of.is === 'pair' && outer.index < 2) return of.of[outer.index]!
  if (outer.is === 'field' && of.is === 'object' && of.names.includes(outer.name)) {
    return of.of[of.names.indexOf(outer.name)]!
  }
  return { ...outer, of } as Expression
}

/** An expression of several others. */
export type List = Extract<Expression, { readonly of: readonly Expression[] }>

export function isList(expression: Expression): expression is List {
  return 'of' in expression && Array.isArray(expression.of)
}

/** Returns what an expression evaluates besides the parts of it that another expression reads: members of a pair or object. */
export function membersOf(made: Expression): readonly Expression[] {
  if (made.is !== 'pair' && made.is !== 'object') return []
  return made.of.flatMap((member) => (member.is === 'pair' || member.is === 'object' ? membersOf(member) : [member]))
}
