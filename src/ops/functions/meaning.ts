import { type EnvEntry, environmentOf } from './env.js'
import { type Constant, type Expression, RECORD } from './expression.js'
import { type Known, readExpression } from './read-expression.js'
import { readMerge } from './read-merge.js'
import type { AnyFunction, UserRef } from './ref.js'

/** The meaning of a function, or the reason why it runs as it is written. */
export type Reading = Expression | { readonly why: string }

const NO_CONSTANTS: ReadonlyMap<string, undefined> = new Map()
const GLOBALS: ReadonlyMap<string, Expression> = new Map<string, Expression>([
  ['Number', { is: 'number', of: RECORD }],
  ['Boolean', { is: 'not', of: { is: 'not', of: RECORD } }],
  ['JSON.parse', { is: 'json', of: RECORD }],
])
const ofModule = new WeakMap<AnyFunction, Reading>()

/** Returns the reference with the meaning of its text, if kernels may compute that. `carrier`: with its environment. */
export function withMeaning(ref: UserRef, carrier: AnyFunction, target: AnyFunction): UserRef {
  const reading = readingOf(ref, carrier, target)
  if (reading && !('why' in reading)) return { ...ref, means: reading }
  const merges = ref.k === 'source' ? readMerge(ref.text, knownOf(carrier)) : undefined
  return merges ? { ...ref, merges } : ref
}

/** Returns what the text of a reference's function says; undefined for functions without a text of their own. */
export function readingOf(ref: UserRef, carrier: AnyFunction, target: AnyFunction): Reading | undefined {
  switch (ref.k) {
    case 'source':
      return readExpression(ref.text, knownOf(carrier))
    case 'table':
    case 'export': {
      let reading = ofModule.get(target)
      if (!reading) {
        // The module's variables are not known here, and globals may be shadowed by them.
        const text = Function.prototype.toString.call(target)
        ofModule.set(target, (reading = readExpression(text, { globals: false, constants: NO_CONSTANTS })))
      }
      return reading
    }
    case 'global':
      return GLOBALS.get(ref.path)
  }
}

/** Returns the names that a function may use that is sent as text. */
function knownOf(carrier: AnyFunction): Known {
  return { globals: true, constants: constantsOf(environmentOf(carrier)?.entries) }
}

/** Returns the values of an environment by name: undefined for one that expressions do not contain. */
function constantsOf(entries: ReadonlyMap<string, EnvEntry> | undefined): ReadonlyMap<string, Constant | undefined> {
  if (!entries) return NO_CONSTANTS
  return new Map([...entries].map(([name, entry]) => [name, 'value' in entry ? constantOf(entry.value) : undefined]))
}

function constantOf(value: unknown): Constant | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) || value === null ? (value as Constant) : undefined
}
