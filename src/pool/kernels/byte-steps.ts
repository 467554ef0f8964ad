import type { Expression } from '../../ops/functions/expression.js'
import { RECORD } from '../../ops/functions/expression.js'
import { typeOf, type ValueType } from '../../ops/functions/expression-type.js'
import type { FnRef } from '../../ops/functions/ref.js'
import type { Step } from '../../ops/plan.js'
import { byteOf, type FieldAt, MAX_INDEX, type Names, namesOf, pathOf } from './byte-arguments.js'
import { type LineFilter, lineFilters } from './line-filters.js'
import { after, meaningOf } from './meaning-of.js'

/** The parts that are read from a line. Separators are single bytes. */
export type Tokens =
  | { readonly kind: 'words' }
  /** The pieces between runs of white space; `trimmed`: of the line without white space at its ends. */
  | { readonly kind: 'pieces'; readonly trimmed: boolean }
  /** Words that contain a byte. The next step runs on them as a function. */
  | { readonly kind: 'marked'; readonly mark: number }
  | { readonly kind: 'split'; readonly separator: number }
  | { readonly kind: 'field'; readonly separator: number; readonly index: number }
  | { readonly kind: 'json'; readonly field: JsonField }

/**
 * A field of a line of JSON. `strict`: a function that throws at a line which is not JSON, or at a path that ends
 * before the field.
 */
export interface JsonField {
  readonly names: Names
  readonly strict: boolean
}

/** The first steps of a chain that can run on bytes. */
export interface ByteSteps {
  readonly filters: readonly LineFilter[]
  /** The number of the filters' steps. */
  readonly filterSteps: number
  readonly tokens: Tokens | undefined
  /** The number of these steps. */
  readonly count: number
}

/**
 * Functions of one string without effects or errors, so they may run once per distinct value instead of once per value.
 */
const PURE = new Set([
  'hashtags',
  'identity',
  'includes',
  'jsonField',
  'length',
  'numberField',
  'parseNumber',
  'split',
  'startsWith',
  'toLowerCase',
  'words',
])

/** Filters of lines, then at most one part of a line: several steps may lead to it. */
export function byteSteps(steps: readonly Step[]): ByteSteps {
  const { filters, count } = lineFilters(steps)
  let made = RECORD
  for (let next = count; next < steps.length; next++) {
    const step = steps[next]!
    if (givesOutcomes(step)) break
    const result: Expression | undefined =
      step.op === 'flatMap' ? meaningOf(step.fn) && after(made, { ...step, op: 'map' }) : after(made, step)
    if (!result) break
    const tokens = step.op === 'flatMap' ? listOf(result) : tokenOf(result)
    if (tokens) return { filters, filterSteps: count, tokens, count: tokens.kind === 'marked' ? next : next + 1 }
    if (step.op === 'flatMap') break
    made = result
  }
  return { filters, filterSteps: count, tokens: undefined, count }
}

/**
 * Returns whether steps return the same for equal values, whenever and however often they run, and never throw at the
 * parts that `tokens` reads.
 */
export function arePure(steps: readonly Step[], tokens: Tokens): boolean {
  let type: ValueType | undefined = tokens.kind === 'json' ? 'any' : tokens.kind === 'field' ? 'maybe' : 'text'
  for (const step of steps) {
    const means = meaningOf(step.fn)
    const result: ValueType | undefined = means && typeOf(means, type)
    if (!isPure(step) && (result === undefined || !isPlain(step))) return false
    if (step.op !== 'filter') type = step.op === 'flatMap' ? 'text' : (result ?? 'any')
  }
  return true
}

/** Returns whether a step is a library function without effects and errors. */
export function isPure(step: Step): boolean {
  if (step.op === 'mapPartitions' || step.op === 'mapAsync' || step.rejects !== undefined) return false
  return step.fn.k === 'builtin' && PURE.has(step.fn.name)
}

/** Returns the name of a library function without arguments. */
export function isBuiltin(fn: FnRef | undefined, name: string): boolean {
  return fn?.k === 'builtin' && fn.name === name
}

function isPlain(step: Step): boolean {
  if (step.op !== 'map' && step.op !== 'filter' && step.op !== 'flatMap') return false
  return step.rejects === undefined
}

/** The parts of a line that a function returns as a list. */
function listOf(list: Expression): Tokens | undefined {
  switch (list.is) {
    case 'words':
      return list.of.is === 'record' ? { kind: 'words' } : undefined
    case 'hashtags':
      return list.of.is === 'record' ? { kind: 'marked', mark: 0x23 } : undefined
    case 'split': {
      const separator = list.of.is === 'record' ? byteOf(list.separator) : undefined
      return separator === undefined ? undefined : { kind: 'split', separator }
    }
    case 'splitSpaces':
      if (list.of.is === 'record') return { kind: 'pieces', trimmed: false }
      return list.of.is === 'trim' && list.of.of.is === 'record' ? { kind: 'pieces', trimmed: true } : undefined
    default:
      return undefined
  }
}

function tokenOf(made: Expression): Tokens | undefined {
  const at = fieldOf(made)
  if (at) return { kind: 'field', ...at }
  const field = jsonFieldOf(made)
  return field && { kind: 'json', field }
}

/** Returns the field of a separated line that an expression is. */
export function fieldOf(made: Expression): FieldAt | undefined {
  if (made.is !== 'item' || made.of.is !== 'split' || made.of.of.is !== 'record') return undefined
  const separator = byteOf(made.of.separator)
  return separator === undefined || made.index >= MAX_INDEX ? undefined : { separator, index: made.index }
}

/** Returns the field of a line of JSON that an expression is. */
export function jsonFieldOf(made: Expression): JsonField | undefined {
  if (made.is === 'jsonField') {
    const names = made.of.is === 'record' ? pathOf(made.path) : undefined
    return names && { names, strict: false }
  }
  const path: string[] = []
  while (made.is === 'field') {
    path.unshift(made.name)
    made = made.of
  }
  if (path.length === 0 || made.is !== 'json' || made.of.is !== 'record') return undefined
  const names = namesOf(path)
  return names && { names, strict: true }
}

/** Returns whether the outputs of a step are wrapped: outcomes instead of lines. */
function givesOutcomes(step: Step): boolean {
  return step.op !== 'mapPartitions' && step.outcomes === true
}
