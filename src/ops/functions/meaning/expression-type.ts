import { type Expression, isList, type List } from './expression.js'

/** The known type of a value. `maybe`: a text or undefined. `any`: unknown. */
export type ValueType = 'text' | 'maybe' | 'number' | 'flag' | 'null' | 'texts' | 'pair' | 'object' | 'any'

const PRIMITIVES: readonly ValueType[] = ['text', 'maybe', 'number', 'flag', 'null']

/**
 * Returns the type of an expression for records of a type. Returns undefined if it may throw or call unknown code, so
 * that the order and number of its evaluations could be observed.
 */
export function typeOf(expression: Expression, record: ValueType): ValueType | undefined {
  if (expression.is === 'record') return record
  if (expression.is === 'value') return typeOfConstant(expression.value)
  if (isList(expression)) {
    const types = expression.of.map((part) => typeOf(part, record))
    return types.every((type) => type !== undefined) ? ofAll(expression.is, types) : undefined
  }
  const of = typeOf(expression.of, record)
  if (of === undefined) return undefined
  if (expression.is === 'filter') return of === 'texts' && typeOf(expression.each, 'text') ? 'texts' : undefined
  const [takes, result] = RULES[expression.is] ?? []
  return takes?.includes(of) ? result : undefined
}

type Rule = readonly [takes: readonly ValueType[], result: ValueType]

const OF_TEXT: Readonly<Record<'text' | 'flag' | 'number' | 'texts' | 'any', Rule>> = {
  text: [['text'], 'text'],
  flag: [['text'], 'flag'],
  number: [['text'], 'number'],
  texts: [['text'], 'texts'],
  any: [['text'], 'any'],
}

/** The types that an expression takes without an error, and its result. `json`, `field` and `map` have none. */
const RULES: Partial<Record<Expression['is'], Rule>> = {
  trim: OF_TEXT.text,
  toLowerCase: OF_TEXT.text,
  toUpperCase: OF_TEXT.text,
  length: [['text', 'texts', 'pair'], 'number'],
  number: [PRIMITIVES, 'number'],
  parseNumber: OF_TEXT.number,
  numberOrNaN: [['text', 'maybe'], 'number'],
  negative: [PRIMITIVES, 'number'],
  floor: [PRIMITIVES, 'number'],
  ceil: [PRIMITIVES, 'number'],
  trunc: [PRIMITIVES, 'number'],
  round: [PRIMITIVES, 'number'],
  abs: [PRIMITIVES, 'number'],
  text: [PRIMITIVES, 'text'],
  not: [[...PRIMITIVES, 'texts', 'pair', 'object', 'any'], 'flag'],
  oneOf: [[...PRIMITIVES, 'texts', 'pair', 'object', 'any'], 'flag'],
  includes: OF_TEXT.flag,
  startsWith: OF_TEXT.flag,
  endsWith: OF_TEXT.flag,
  split: OF_TEXT.texts,
  splitSpaces: OF_TEXT.texts,
  words: OF_TEXT.texts,
  hashtags: OF_TEXT.texts,
  item: [['texts'], 'maybe'],
  jsonField: OF_TEXT.any,
}

function ofAll(is: List['is'], types: readonly ValueType[]): ValueType | undefined {
  const [left, right] = types
  switch (is) {
    case 'pair':
    case 'object':
      return is
    case 'and':
    case 'or':
      return left === right ? left : 'any'
    case '===':
    case '!==':
      return 'flag'
  }
  // Methods of objects convert them.
  if (!types.every((type) => PRIMITIVES.includes(type))) return undefined
  switch (is) {
    case 'template':
      return 'text'
    case '+':
      return types.includes('text') ? 'text' : types.includes('maybe') ? 'any' : 'number'
    case '-':
    case '*':
    case '/':
    case '%':
      return 'number'
    default:
      return 'flag'
  }
}

function typeOfConstant(value: unknown): ValueType {
  if (value === null) return 'null'
  return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'flag'
}
