import type { AnyFunction, EnvValue, UserRef } from '../ref.js'
import { areGlobal, constantAround } from './closure-scopes.js'
import { type Constant, constantOf, type Expression, RECORD } from './expression.js'
import { FUNCTIONS, STATICS } from './pure-names.js'
import { type Meaning, mutationOf, type Surroundings } from './purity.js'
import { type GlobalName, type Known, readExpression } from './read-expression.js'
import { type ReadMerge, readMerge } from './read-merge.js'

/** The meaning of a function, or the reason why it runs as it is written. */
export type Reading = Expression | { readonly why: string }

const GLOBALS: ReadonlyMap<string, Expression> = new Map<string, Expression>([
  ['Number', { is: 'number', of: RECORD }],
  ['Boolean', { is: 'not', of: { is: 'not', of: RECORD } }],
  ['JSON.parse', { is: 'json', of: RECORD }],
])
const ofModule = new WeakMap<AnyFunction, Reading>()

/** Returns the reference with what its function's text says: its meaning, if kernels may compute that, and what it keeps. */
export function withMeaning(ref: UserRef, target: AnyFunction): UserRef {
  const reading = readingOf(ref, target)
  // An expression changes nothing.
  if (reading && !('why' in reading)) return { ...ref, means: reading, keeps: true }
  const merges = mergeOf(ref, target)
  return { ...ref, ...(merges && { merges }), ...(keepsArguments(ref, target) && { keeps: true }) }
}

const IN_MODULE: Surroundings = { globals: false, meanings: new Map() }

function keepsArguments(ref: UserRef, target: AnyFunction): boolean {
  switch (ref.k) {
    case 'source':
      return mutationOf(ref.text, surroundingsOf(ref.env ?? {})) === undefined
    case 'table':
    case 'export':
      return mutationOf(textOf(target), IN_MODULE) === undefined
    case 'global':
      return FUNCTIONS.has(ref.path) || STATICS.has(ref.path)
  }
}

/** Functions of the surroundings have no meaning here, because they may change their arguments. */
function surroundingsOf(env: { readonly [name: string]: EnvValue }): Surroundings {
  const meanings = new Map<string, Meaning>()
  for (const [name, entry] of Object.entries(env)) {
    if ('broadcast' in entry) meanings.set(name, 'broadcast')
    if ('value' in entry)
      meanings.set(name, typeof entry.value === 'object' && entry.value !== null ? 'data' : 'primitive')
  }
  return { globals: Object.keys(env).every((name) => meanings.has(name)), meanings }
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
    reading = readExpression(textOf(target), knownInModule(target, used))
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
  const merge = readMerge(textOf(target), knownInModule(target, used))
  return merge && areGlobals(used, target) ? merge : undefined
}

/** Returns the names that a function of a module may use; adds those that may be globals to `used`. */
function knownInModule(target: AnyFunction, used: Set<GlobalName>): Known {
  const constants = { has: () => false, get: (name: string) => constantAround(name, target) }
  return { global: (name) => used.add(name), constants }
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
