import type { Expression } from '../../ops/functions/meaning/expression.js'
import { membersOf, RECORD } from '../../ops/functions/meaning/expression.js'
import { typeOf, type ValueType } from '../../ops/functions/meaning/expression-type.js'
import type { FnRef } from '../../ops/functions/ref.js'
import type { Step } from '../../ops/plan.js'
import { byteOf } from './byte-arguments.js'
import { fieldOf, type JsonField, jsonFieldOf } from './byte-fields.js'
import { type LineFilter, lineFilters } from './line-filters.js'
import { isAlwaysText, lineKey } from './line-key.js'
import { afterStep, type ConditionProgram, evaluating, LINE } from './made.js'
import { after, meaningOf } from './meaning-of.js'
import { type LineProgram, programOf } from './program-writer.js'

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
  /** A text or number computed from several parts, or by arithmetic. */
  | { readonly kind: 'computed'; readonly program: LineProgram; readonly type: ValueType }

/** The first steps of a chain that can run on bytes. */
export interface ByteSteps {
  readonly filters: readonly LineFilter[]
  /** The number of the filters' steps. */
  readonly filterSteps: number
  /** A further condition of lines, by steps after those. */
  readonly program: ConditionProgram | undefined
  readonly tokens: Tokens | undefined
  /** The number of these steps; without tokens, of those that only filter lines. */
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
  const { filters, count: filterSteps } = lineFilters(steps)
  let of = LINE
  let found: ByteSteps = { filters, filterSteps, program: undefined, tokens: undefined, count: filterSteps }
  for (let next = filterSteps; next < steps.length; next++) {
    const step = steps[next]!
    if (givesOutcomes(step)) break
    if (step.op === 'flatMap') {
      const list = after(of.made, { ...step, op: 'map' })
      const tokens = list && listOf(list)
      const done = tokens && evaluating({ ...of, unread: [...of.unread, ...membersOf(of.made)] }, [list])
      if (!done) break
      return { ...found, program: done.program, tokens, count: tokens.kind === 'marked' ? next : next + 1 }
    }
    const result = afterStep(of, step)
    if (!result) break
    of = result
    const done = evaluating(of, [of.made])
    const tokens = done && tokenOf(of.made)
    // Filters of a part are conditions of the line too.
    if (done && (tokens || of.made === RECORD)) found = { ...found, program: done.program, tokens, count: next + 1 }
    else if (!found.tokens) found = { ...found, program: of.program }
    if (tokens && steps[next + 1]?.op !== 'filter') break
  }
  return found
}

/**
 * Returns whether steps return the same for equal values, whenever and however often they run, and never throw at the
 * parts that `tokens` reads.
 */
export function arePure(steps: readonly Step[], tokens: Tokens): boolean {
  let type: ValueType | undefined = typeOfTokens(tokens)
  for (const step of steps) {
    const means = meaningOf(step.fn)
    const result: ValueType | undefined = means && typeOf(means, type)
    if (!isPure(step) && (result === undefined || !isPlain(step))) return false
    if (step.op !== 'filter') type = step.op === 'flatMap' ? 'text' : (result ?? 'any')
  }
  return true
}

function typeOfTokens(tokens: Tokens): ValueType {
  if (tokens.kind === 'computed') return tokens.type
  return tokens.kind === 'json' ? 'any' : tokens.kind === 'field' ? 'maybe' : 'text'
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
  return field ? { kind: 'json', field } : computedToken(made)
}

function computedToken(made: Expression): Tokens | undefined {
  const key = lineKey(made)
  const program = key && key.kind !== 'part' && key.kind !== 'constant' ? programOf(key) : undefined
  return program && { kind: 'computed', program, type: isAlwaysText(made) ? 'text' : (typeOf(made, 'text') ?? 'any') }
}

/** Returns whether the outputs of a step are wrapped: outcomes instead of lines. */
function givesOutcomes(step: Step): boolean {
  return step.op !== 'mapPartitions' && step.outcomes === true
}
