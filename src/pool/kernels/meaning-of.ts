import { applied, type Expression, isList, RECORD } from '../../ops/functions/meaning/expression.js'
import type { FnRef } from '../../ops/functions/ref.js'
import type { Step } from '../../ops/plan.js'
import { type BuiltinRef, valuesOf } from './byte-arguments.js'

const PLAIN: ReadonlyMap<string, Expression> = new Map<string, Expression>(
  Object.entries({
    hashtags: { is: 'hashtags', of: RECORD },
    identity: RECORD,
    keyOf: { is: 'item', of: RECORD, index: 0 },
    length: { is: 'length', of: RECORD },
    pairWithNull: { is: 'pair', of: [RECORD, { is: 'value', value: null }] },
    pairWithOne: { is: 'pair', of: [RECORD, { is: 'value', value: 1 }] },
    parseNumber: { is: 'parseNumber', of: RECORD },
    toLowerCase: { is: 'toLowerCase', of: RECORD },
    words: { is: 'words', of: RECORD },
  } satisfies Record<string, Expression>),
)

/** Returns what a function computes from its value, if that is known. */
export function meaningOf(fn: FnRef): Expression | undefined {
  return fn.k === 'builtin' ? (PLAIN.get(fn.name) ?? ofArguments(fn)) : fn.means
}

/** Returns whether a function of a user is computed from what its text means. Library functions are always their own. */
export function isRead(step: Step): boolean {
  return step.op !== 'mapPartitions' && step.op !== 'mapAsync' && ofUser(step.fn)
}

function ofUser(fn: FnRef): boolean {
  if (fn.k !== 'builtin') return fn.means !== undefined
  return (fn.args ?? []).some((arg) => 'fn' in arg && ofUser(arg.fn))
}

function ofArguments(fn: BuiltinRef): Expression | undefined {
  const [first, second] = valuesOf(fn)
  switch (fn.name) {
    case 'includes':
    case 'startsWith':
      return typeof first === 'string' ? { is: fn.name, of: RECORD, text: first } : undefined
    case 'split':
      return typeof first === 'string' ? { is: 'split', of: RECORD, separator: first } : undefined
    case 'field':
      return itemOf(first, second)
    case 'numberField': {
      const of = itemOf(first, second)
      return of && { is: 'numberOrNaN', of }
    }
    case 'jsonField':
      return typeof first === 'string' ? { is: 'jsonField', of: RECORD, path: first } : undefined
    case 'keyBy':
      return pairOf(argument(fn, 0), RECORD)
    case 'pairOf':
      return pairOf(argument(fn, 0), argument(fn, 1))
    default:
      return undefined
  }
}

function itemOf(index: unknown, separator: unknown): Expression | undefined {
  if (typeof index !== 'number' || typeof separator !== 'string') return undefined
  return { is: 'item', of: { is: 'split', of: RECORD, separator }, index }
}

function argument({ args = [] }: BuiltinRef, i: number): Expression | undefined {
  const arg = args[i]
  return arg && 'fn' in arg ? meaningOf(arg.fn) : undefined
}

function pairOf(key: Expression | undefined, value: Expression | undefined): Expression | undefined {
  return key && value && { is: 'pair', of: [key, value] }
}

/**
 * Returns what a step makes of a record that is `made` of a line: of a pair, `mapValues` changes the value. Undefined
 * if that is not known.
 */
export function after(made: Expression, step: Step): Expression | undefined {
  const means = meaningOf(step.fn)
  if (!means || (made.is !== 'record' && !reads(means))) return undefined
  if (step.op === 'map') return applied(means, made)
  if (step.op !== 'mapValues' || made.is !== 'pair') return undefined
  return { is: 'pair', of: [made.of[0], applied(means, made.of[1])] }
}

/** Returns whether the function of a step on pairs is known not to read their keys. */
export function ignoresKey(step: Step): boolean {
  const { op, fn } = step
  // A dropped record is reported as a whole.
  if (op === 'mapPartitions' || op === 'mapAsync' || step.rejects) return false
  if (op === 'mapValues' || op === 'flatMapValues') return true
  const means = meaningOf(fn)
  return means !== undefined && !readsKey(means)
}

function readsKey(means: Expression): boolean {
  if (means.is === 'record') return true
  if (means.is === 'value') return false
  if (isList(means)) return means.of.some(readsKey)
  return means.is === 'item' && means.of.is === 'record' ? means.index === 0 : readsKey(means.of)
}

/** Returns whether a value depends on the record, so that what throws while the record is made throws here too. */
function reads(means: Expression): boolean {
  if (means.is === 'record') return true
  if (means.is === 'value') return false
  if (!isList(means)) return reads(means.of)
  return means.is === 'and' || means.is === 'or' ? reads(means.of[0]) : means.of.some(reads)
}
