import type { FnRef } from '../../ops/functions/ref.js'
import type { Step } from '../../ops/plan.js'
import { byteOf, fieldOf, isExactText, type Names, namesOf, valuesOf } from './byte-arguments.js'

/** Lines that contain, or begin with, some bytes. */
export interface LineFilter {
  readonly kind: 'includes' | 'startsWith'
  readonly needle: Buffer
}

/** The parts that are read from a line. Separators are single bytes. */
export type Tokens =
  | { readonly kind: 'words' }
  /** Words that contain a byte. The next step runs on them as a function. */
  | { readonly kind: 'marked'; readonly mark: number }
  | { readonly kind: 'split'; readonly separator: number }
  | { readonly kind: 'field'; readonly separator: number; readonly index: number }
  | { readonly kind: 'json'; readonly names: Names }

/** The first steps of a chain that can run on bytes. */
export interface ByteSteps {
  readonly filters: readonly LineFilter[]
  readonly tokens: Tokens | undefined
  /** The number of these steps. */
  readonly count: number
}

const MAX_NEEDLE_BYTES = 1024
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

/** Filters of lines, then at most one step that splits lines. */
export function byteSteps(steps: readonly Step[]): ByteSteps {
  const filters = lineFilters(steps)
  const next = steps[filters.length]
  const tokens = next && tokensOf(next)
  return { filters, tokens, count: filters.length + (tokens && tokens.kind !== 'marked' ? 1 : 0) }
}

/** Returns the first filters of a chain that can run on bytes. */
export function lineFilters(steps: readonly Step[]): LineFilter[] {
  const filters: LineFilter[] = []
  for (const step of steps) {
    const filter = lineFilter(step)
    if (!filter) break
    filters.push(filter)
  }
  return filters
}

/** Returns whether a step returns the same for equal strings, whenever and however often it runs. */
export function isPure(step: Step): boolean {
  if (step.op === 'mapPartitions' || step.op === 'mapAsync' || step.rejects !== undefined) return false
  return step.fn.k === 'builtin' && PURE.has(step.fn.name)
}

/** Returns the name of a library function without arguments. */
export function isBuiltin(fn: FnRef | undefined, name: string): boolean {
  return fn?.k === 'builtin' && fn.name === name
}

function lineFilter(step: Step): LineFilter | undefined {
  const { op, fn } = step
  if (op !== 'filter' || fn.k !== 'builtin' || givesOutcomes(step)) return undefined
  const { name } = fn
  if (name !== 'includes' && name !== 'startsWith') return undefined
  const [text] = valuesOf(fn)
  // At its end the bytes of a line may differ from its text, which has no carriage return.
  if (!isExactText(text) || text === '' || /[\r\n]/.test(text)) return undefined
  const needle = Buffer.from(text)
  return needle.length <= MAX_NEEDLE_BYTES ? { kind: name, needle } : undefined
}

function tokensOf(step: Step): Tokens | undefined {
  const { op, fn } = step
  if (fn.k !== 'builtin' || givesOutcomes(step)) return undefined
  if (op === 'flatMap' && fn.name === 'words') return { kind: 'words' }
  if (op === 'flatMap' && fn.name === 'hashtags') return { kind: 'marked', mark: 0x23 }
  if (op === 'flatMap' && fn.name === 'split') {
    const separator = byteOf(valuesOf(fn)[0])
    return separator === undefined ? undefined : { kind: 'split', separator }
  }
  if (op === 'map' && fn.name === 'field') {
    const field = fieldOf(fn)
    return field && { kind: 'field', ...field }
  }
  if (op === 'map' && fn.name === 'jsonField') {
    const names = namesOf(fn)
    return names && { kind: 'json', names }
  }
  return undefined
}

/** Returns whether the outputs of a step are wrapped: outcomes instead of lines. */
function givesOutcomes(step: Step): boolean {
  return step.op !== 'mapPartitions' && step.outcomes === true
}
