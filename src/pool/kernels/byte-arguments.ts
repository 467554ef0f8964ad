import type { FnRef } from '../../ops/functions/ref.js'

export type BuiltinRef = FnRef & { readonly k: 'builtin' }

/** The names of a path into JSON, outermost first. */
export type Names = readonly Buffer[]

/** A field of a separated line. */
export interface FieldAt {
  /** One byte. */
  readonly separator: number
  readonly index: number
}

export const MAX_INDEX = 2 ** 31
/** The most names: assembly/json.ts has space for these. */
const MAX_NAMES = 8
const MAX_NAME_BYTES = 1024

/** Returns the arguments of a library function; undefined for function arguments. */
export function valuesOf(fn: BuiltinRef): unknown[] {
  return (fn.args ?? []).map((arg) => ('value' in arg ? arg.value : undefined))
}

/** Returns a path into JSON, written with dots, if it can be found on bytes. */
export function pathOf(path: string): Names | undefined {
  return namesOf(path.split('.'))
}

/** Returns the names of a path into JSON, if it can be found on bytes. */
export function namesOf(path: readonly string[]): Names | undefined {
  if (!path.every(isExactText)) return undefined
  const names = path.map((name) => Buffer.from(name))
  const bytes = names.reduce((total, name) => total + name.length, 0)
  return names.length <= MAX_NAMES && bytes <= MAX_NAME_BYTES ? names : undefined
}

/** Returns a separator of one ASCII byte that does not end lines: it is no part of another character. */
export function byteOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length !== 1) return undefined
  const code = text.charCodeAt(0)
  return code < 128 && text !== '\r' && text !== '\n' ? code : undefined
}

/**
 * Returns whether a text occurs exactly where its bytes do. Lone surrogates have no bytes, and broken UTF-8 decodes to
 * U+FFFD.
 */
export function isExactText(text: unknown): text is string {
  return typeof text === 'string' && !text.includes('\ufffd') && isWellFormed(text)
}

/** Returns whether the UTF-8 of a text decodes to the same text: a lone surrogate has no bytes of its own. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
