import type { FnRef } from '../../ops/functions/ref.js'
import type { Step } from '../../ops/plan.js'
import { type FieldAt, fieldOf, type Names, namesOf } from './byte-arguments.js'
import { isBuiltin, type LineFilter, lineFilters } from './byte-steps.js'

/** A merge of two numbers. `least`: the smaller in natural order, in which NaN is greater than every number. */
export type Merge = 'sum' | 'max' | 'min' | 'least'

/** A chain that computes one number from each line, and its key from another part of the line. */
export interface ByteReduction {
  readonly filters: readonly LineFilter[]
  readonly of: FieldReduction | JsonReduction
}

/** `key`: undefined if all lines have one key. `value`: a field's number, or the whole line. */
export interface FieldReduction {
  readonly kind: 'fields'
  readonly separator: number
  readonly key: number | undefined
  readonly value: number | 'line'
  /** `number`: a line without the field falls back to the function. `length`: in UTF-16 units. */
  readonly as: 'numberOrNaN' | 'number' | 'length'
}

export interface JsonReduction {
  readonly kind: 'json'
  readonly key: Names | undefined
  readonly value: Names
}

type Part =
  | { readonly kind: 'field'; readonly at: FieldAt | 'line' }
  | { readonly kind: 'number'; readonly at: FieldAt | 'line'; readonly as: FieldReduction['as'] }
  | { readonly kind: 'json'; readonly names: Names }

const LINE: Part = { kind: 'field', at: 'line' }
/** Never separates fields, because it ends lines. */
const NO_SEPARATOR = 10

/**
 * Returns the reduction of a chain of library functions, if it can run on bytes: numbers, or pairs with numbers as
 * values.
 */
export function byteReduction(steps: readonly Step[], makes: 'numbers' | 'pairs'): ByteReduction | undefined {
  const filters = lineFilters(steps)
  const rest = steps.slice(filters.length)
  if (rest.some((step) => step.op === 'mapPartitions' || step.op === 'mapAsync' || step.rejects !== undefined)) {
    return undefined
  }
  const of = makes === 'pairs' ? pairs(rest) : joined(undefined, through(LINE, rest, 'map'))
  return of && { filters, of }
}

function pairs([first, ...rest]: readonly Step[]): ByteReduction['of'] | undefined {
  if (first?.op !== 'map' || first.fn.k !== 'builtin') return undefined
  const { name, args = [] } = first.fn
  const [key, value] = args.map((arg) => ('fn' in arg ? arg.fn : undefined))
  const keyPart = key && (name === 'keyBy' || name === 'pairOf') ? after(LINE, key) : undefined
  if (!keyPart) return undefined
  const begun = name === 'keyBy' ? LINE : value && after(LINE, value)
  return joined(keyPart, through(begun, rest, 'mapValues'))
}

/** The result of steps on a part of a line. */
function through(part: Part | undefined, steps: readonly Step[], op: Step['op']): Part | undefined {
  for (const step of steps) part = part && step.op === op ? after(part, step.fn) : undefined
  return part
}

function after(part: Part, fn: FnRef): Part | undefined {
  if (fn.k !== 'builtin' || part.kind !== 'field') return undefined
  if (isBuiltin(fn, 'parseNumber')) return { kind: 'number', at: part.at, as: 'number' }
  if (isBuiltin(fn, 'length')) return { kind: 'number', at: part.at, as: 'length' }
  if (part.at !== 'line') return undefined
  if (isBuiltin(fn, 'jsonField')) {
    const names = namesOf(fn)
    return names && { kind: 'json', names }
  }
  const at = fieldOf(fn)
  if (!at) return undefined
  if (isBuiltin(fn, 'field')) return { kind: 'field', at }
  return isBuiltin(fn, 'numberField') ? { kind: 'number', at, as: 'numberOrNaN' } : undefined
}

/** Key and value found in one pass: both in fields of the same separation, or both in JSON. */
function joined(key: Part | undefined, value: Part | undefined): ByteReduction['of'] | undefined {
  if (value?.kind === 'json') {
    if (key && key.kind !== 'json') return undefined
    return { kind: 'json', key: key?.names, value: value.names }
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
