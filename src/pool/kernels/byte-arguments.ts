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

const MAX_INDEX = 2 ** 31
/** As many as there is room for: assembly/json.ts. */
const MAX_NAMES = 8
const MAX_NAME_BYTES = 1024

/** The arguments of a library function; undefined for those that are functions. */
export function valuesOf(fn: BuiltinRef): unknown[] {
  return (fn.args ?? []).map((arg) => ('value' in arg ? arg.value : undefined))
}

/** The field that `field` or `numberField` asks for, if it can be found on bytes. */
export function fieldOf(fn: BuiltinRef): FieldAt | undefined {
  const [index, text] = valuesOf(fn)
  const separator = byteOf(text)
  if (separator === undefined || typeof index !== 'number' || index >= MAX_INDEX) return undefined
  return { separator, index }
}

/** The path of a `jsonField`, if it can be found on bytes. */
export function namesOf(fn: BuiltinRef): Names | undefined {
  const [path] = valuesOf(fn)
  if (!isExactText(path)) return undefined
  const names = path.split('.').map((name) => Buffer.from(name))
  const bytes = names.reduce((total, name) => total + name.length, 0)
  return names.length <= MAX_NAMES && bytes <= MAX_NAME_BYTES ? names : undefined
}

/** A separator of one ASCII byte: no part of another character, and not what ends lines. */
export function byteOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length !== 1) return undefined
  const code = text.charCodeAt(0)
  return code < 128 && text !== '\r' && text !== '\n' ? code : undefined
}

/** A text that is where its bytes are, and nowhere else: lone surrogates have none, and U+FFFD is what broken UTF-8 becomes. */
export function isExactText(text: unknown): text is string {
  return typeof text === 'string' && !text.includes('\ufffd') && isWellFormed(text)
}

/** Whether a text has UTF-8 that reads as the same text: a lone surrogate has no bytes of its own. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
