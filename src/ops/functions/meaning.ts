import { areGlobal } from './closure-scopes.js'
import { type Constant, type Expression, RECORD } from './expression.js'
import { type GlobalName, type Known, readExpression } from './read-expression.js'
import { type ReadMerge, readMerge } from './read-merge.js'
import type { AnyFunction, UserRef } from './ref.js'

/** The meaning of a function, or the reason why it runs as it is written. */
export type Reading = Expression | { readonly why: string }

const GLOBALS: ReadonlyMap<string, Expression> = new Map<string, Expression>([
  ['Number', { is: 'number', of: RECORD }],
  ['Boolean', { is: 'not', of: { is: 'not', of: RECORD } }],
  ['JSON.parse', { is: 'json', of: RECORD }],
])
const ofModule = new WeakMap<AnyFunction, Reading>()

/** Returns the reference with the meaning of its function's text, if kernels may compute that. */
export function withMeaning(ref: UserRef, target: AnyFunction): UserRef {
  const reading = readingOf(ref, target)
  if (reading && !('why' in reading)) return { ...ref, means: reading }
  const merges = mergeOf(ref, target)
  return merges ? { ...ref, merges } : ref
}

/**
 * Returns why kernels do not know the meaning of a function, as a phrase that continues "It ..."; undefined if they do.
 * `target`: the function, unless its reference has its text.
 */
export function whyFunction(ref: UserRef, target: AnyFunction | undefined): string | undefined {
  if (ref.means) return undefined
  const reading = ref.k === 'source' || target ? readingOf(ref, target!) : undefined
  if (reading && 'why' in reading) return reading.why
  return ref.k === 'export' ? 'is exported by its module' : 'is a function of the language'
}

/** Returns the reading of a function's text; undefined for functions without a text of their own. */
function readingOf(ref: UserRef, target: AnyFunction): Reading | undefined {
  switch (ref.k) {
    case 'source':
      return readExpression(ref.text, knownOf(ref))
    case 'table':
    case 'export':
      return readModule(target)
    case 'global':
      return GLOBALS.get(ref.path)
  }
}

function readModule(target: AnyFunction): Reading {
  let reading = ofModule.get(target)
  if (!reading) {
    const used = new Set<GlobalName>()
    reading = readExpression(textOf(target), { global: (name) => used.add(name), constants: new Map() })
    if (!('why' in reading) && !areGlobals(used, target)) {
      reading = { why: `uses ${[...used].join(' and ')}, which may be a variable of its module` }
    }
    ofModule.set(target, reading)
  }
  return reading
}

function mergeOf(ref: UserRef, target: AnyFunction): ReadMerge | undefined {
  if (ref.k === 'source') return readMerge(ref.text, knownOf(ref))
  if (ref.k === 'global') return undefined
  const used = new Set<GlobalName>()
  const merge = readMerge(textOf(target), { global: (name) => used.add(name), constants: new Map() })
  return merge && areGlobals(used, target) ? merge : undefined
}

/** Returns whether names that a module's function uses are the language's globals. */
function areGlobals(used: ReadonlySet<GlobalName>, target: AnyFunction): boolean {
  return used.size === 0 || areGlobal([...used], target)
}

/** A function may have its own `toString`. */
const textOf = (fn: AnyFunction): string => Function.prototype.toString.call(fn)

/** Returns the names that a function may use that is sent as text: values that no expression contains are undefined. */
function knownOf({ env = {} }: UserRef & { readonly k: 'source' }): Known {
  const constants = new Map<string, Constant | undefined>()
  for (const [name, entry] of Object.entries(env)) {
    constants.set(name, 'value' in entry ? constantOf(entry.value) : undefined)
  }
  return { global: () => {}, constants }
}

function constantOf(value: unknown): Constant | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) || value === null ? (value as Constant) : undefined
}
