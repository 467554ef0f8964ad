import type { Expression } from '../../ops/functions/meaning/expression.js'
import type { Step } from '../../ops/plan.js'
import type { FieldAt } from './byte-arguments.js'
import { fieldOf, type JsonField, jsonFieldOf } from './byte-fields.js'
import { type LineFilters, lineFilters } from './line-filters.js'
import { lineKey } from './line-key.js'
import { lineNumber } from './line-number.js'
import { afterStep, type ConditionProgram, evaluating, LINE, type Made } from './made.js'
import { type LineProgram, programOf } from './program-writer.js'

/**
 * A merge of two numbers. `least`: the smaller in natural order, in which NaN is greater than every number. `greatest`
 * and `lowest`: as Math.max and Math.min, for which 0 is greater than -0.
 */
export type Merge = 'sum' | 'max' | 'min' | 'least' | 'greatest' | 'lowest'

/** A chain that computes one number from each line, and its key from another part of the line. */
export interface ByteReduction {
  readonly filters: LineFilters
  readonly program: ConditionProgram | undefined
  readonly of: FieldReduction | JsonReduction | ComputedReduction
}

/** `key`: undefined if all lines have one key. `value`: a field's number, or the whole line. */
export interface FieldReduction {
  readonly kind: 'fields'
  readonly separator: number
  readonly key: number | undefined
  readonly value: number | 'line'
  /**
   * `number`: a line without the field falls back to the function. `length`: in UTF-16 units. `toNumber`: as by
   * `Number`, for which a blank text is 0.
   */
  readonly as: 'numberOrNaN' | 'number' | 'length' | 'toNumber'
}

export interface JsonReduction {
  readonly kind: 'json'
  readonly key: JsonField | undefined
  readonly value: JsonField
}

/** `program`: a key, and a number that is computed from several parts or by arithmetic. */
export interface ComputedReduction {
  readonly kind: 'computed'
  readonly program: LineProgram
}

type Part =
  | { readonly kind: 'field'; readonly at: FieldAt | 'line' }
  | { readonly kind: 'number'; readonly at: FieldAt | 'line'; readonly as: FieldReduction['as'] }
  | { readonly kind: 'json'; readonly field: JsonField }

/** Never separates fields, because it ends lines. */
const NO_SEPARATOR = 10

/**
 * Returns the reduction of a chain whose functions are known, if it can run on bytes: numbers, or pairs with numbers as
 * values.
 */
export function byteReduction(steps: readonly Step[], makes: 'numbers' | 'pairs'): ByteReduction | undefined {
  const filters = lineFilters(steps)
  const rest = steps.slice(filters.count)
  if (rest.some((step) => step.op === 'mapPartitions' || step.op === 'mapAsync' || step.rejects !== undefined)) {
    return undefined
  }
  let last: Made | undefined = LINE
  for (const step of rest) last = last && afterStep(last, step)
  if (!last) return undefined
  const of =
    makes === 'pairs' ? ofPair(last.made) : (joined(undefined, partOf(last.made)) ?? computed(undefined, last.made))
  const done = of && evaluating(last, [last.made])
  return done && { filters, program: done.program, of }
}

function ofPair(made: Expression): ByteReduction['of'] | undefined {
  if (made.is !== 'pair') return undefined
  const key = partOf(made.of[0])
  return (key && joined(key, partOf(made.of[1]))) ?? computed(...made.of)
}

function computed(key: Expression | undefined, value: Expression): ComputedReduction | undefined {
  const number = lineNumber(value, false)
  const by = number && (key ? lineKey(key) : { kind: 'none' as const })
  const program = by && programOf(by, number)
  return program && { kind: 'computed', program }
}

const NUMBERS: Partial<Record<Expression['is'], FieldReduction['as']>> = {
  length: 'length',
  number: 'toNumber',
  numberOrNaN: 'numberOrNaN',
  parseNumber: 'number',
}

function partOf(made: Expression): Part | undefined {
  const as = NUMBERS[made.is]
  if (as) {
    const of = partOf((made as Expression & { of: Expression }).of)
    return of?.kind === 'field' ? { kind: 'number', at: of.at, as } : undefined
  }
  if (made.is === 'record') return { kind: 'field', at: 'line' }
  const at = fieldOf(made)
  if (at) return { kind: 'field', at }
  const field = jsonFieldOf(made)
  return field && { kind: 'json', field }
}

/** Key and value found in one pass: both in fields of the same separation, or both in JSON. */
function joined(key: Part | undefined, value: Part | undefined): ByteReduction['of'] | undefined {
  if (value?.kind === 'json') {
    if (key && key.kind !== 'json') return undefined
    return { kind: 'json', key: key?.field, value: value.field }
  }
  if (value?.kind !== 'number') return undefined
  if (key && (key.kind !== 'field' || key.at === 'line')) return undefined
  const keyAt = key && (key.at as FieldAt)
  const valueAt = value.at === 'line' ? undefined : value.at
  if (keyAt && valueAt && keyAt.separator !== valueAt.separator) return undefined
  return {
    kind: 'fields',
    separator: (keyAt ?? valueAt)?.separator ?? NO_SEPARATOR,
    key: keyAt?.index,
    value: valueAt?.index ?? 'line',
    as: value.as,
  }
}
