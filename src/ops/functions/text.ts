import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from './builtin.js'

/*
 * Functions on lines of text. Callers see ordinary functions. A task that runs on a text block may recognise them by
 * name (builtinMark) and work on the bytes instead.
 */

function text(operation: string, what: string, value: unknown, empty: 'empty' | 'not empty'): string {
  if (typeof value === 'string' && (empty === 'empty' || value !== '')) return value
  const allowed = empty === 'empty' ? 'a string' : 'a string that is not empty'
  throw new ArgumentError(`${operation} needs ${what} as ${allowed}, got ${describe(value)}.`)
}

defineBuiltin('split', (separator: string) => {
  text('split', 'a separator', separator, 'empty')
  return (line: string) => line.split(separator)
})

/**
 * Splits a line at a separator, like `line.split(separator)`: empty pieces are kept. The separator is a string, not a
 * regular expression.
 */
export function split(separator: string): (line: string) => string[] {
  return builtin<(line: string) => string[]>('split', separator)
}

defineBuiltin('words', () => (line: string) => {
  const found = line.split(/\s+/)
  // Only the first and the last piece can be empty.
  if (found[found.length - 1] === '') found.pop()
  if (found[0] === '') found.shift()
  return found
})

/** Returns the words of a line: splits at runs of white space (`\s`) and omits empty words. */
export function words(): (line: string) => string[] {
  return builtin<(line: string) => string[]>('words')
}

const HASHTAG = /(?<![\p{L}\p{M}\p{N}_&])#[\p{L}\p{M}\p{N}_]*[\p{L}\p{M}][\p{L}\p{M}\p{N}_]*/gu

defineBuiltin('hashtags', () => (line: string) => line.match(HASHTAG) ?? [])

/**
 * Returns the hashtags of a line as written, including `#`. A hashtag consists of letters of any script, digits and
 * underscores, with at least one letter. None of these may precede the `#`.
 */
export function hashtags(): (line: string) => string[] {
  return builtin<(line: string) => string[]>('hashtags')
}

defineBuiltin('includes', (part: string) => {
  text('includes', 'a text', part, 'empty')
  return (line: string) => line.includes(part)
})

/** Returns a function that tests whether a line contains the text, case-sensitive. */
export function includes(part: string): (line: string) => boolean {
  return builtin<(line: string) => boolean>('includes', part)
}

defineBuiltin('startsWith', (part: string) => {
  text('startsWith', 'a text', part, 'empty')
  return (line: string) => line.startsWith(part)
})

/** Returns a function that tests whether a line begins with the text, case-sensitive. */
export function startsWith(part: string): (line: string) => boolean {
  return builtin<(line: string) => boolean>('startsWith', part)
}

/**
 * Returns `field` as an ordinary function.
 * Searches only up to the field, instead of splitting the whole line.
 */
export function fieldOf(operation: string, index: number, separator: string): (line: string) => string | undefined {
  if (!Number.isInteger(index) || index < 0) {
    throw new ArgumentError(`${operation} needs the number of a field as an integer from 0 on, got ${describe(index)}.`)
  }
  text(operation, 'a separator', separator, 'not empty')
  return (line) => {
    // Searches up to the field and no further, instead of splitting the whole line.
    let start = 0
    for (let i = 0; i < index; i++) {
      const at = line.indexOf(separator, start)
      if (at < 0) return undefined
      start = at + separator.length
    }
    const end = line.indexOf(separator, start)
    return end < 0 ? line.slice(start) : line.slice(start, end)
  }
}

defineBuiltin('field', (index: number, separator: string) => fieldOf('field', index, separator))

/**
 * Returns field `index` (from 0) of a separated line, or undefined if the line has fewer fields. Quotes have no special
 * meaning.
 */
export function field(index: number, separator = ','): (line: string) => string | undefined {
  return builtin<(line: string) => string | undefined>('field', index, separator)
}

defineBuiltin('jsonField', (path: string) => {
  const parts = text('jsonField', 'a path', path, 'not empty').split('.')
  return (line: string) => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      // Documented behaviour: a line that is not JSON has no field, so one bad line does not stop a stream.
      return undefined
    }
    for (const part of parts) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
      value = (value as Record<string, unknown>)[part]
    }
    return value
  }
})

/**
 * Returns the value at a path such as `'user.id'` or `'tags.0'` of a line of JSON; undefined if the line is malformed
 * or has no such value. Names that contain a dot cannot be addressed.
 */
export function jsonField<T = unknown>(path: string): (line: string) => T | undefined {
  return builtin<(line: string) => T | undefined>('jsonField', path)
}

defineBuiltin('length', () => (value: { readonly length: number }) => value.length)

/** Returns the length of a text (in UTF-16 units) or an array. */
export function length(): (value: { readonly length: number }) => number {
  return builtin<(value: { readonly length: number }) => number>('length')
}

defineBuiltin('toLowerCase', () => (value: string) => value.toLowerCase())

/** Converts a text to lower case, regardless of the locale. */
export function toLowerCase(): (value: string) => string {
  return builtin<(value: string) => string>('toLowerCase')
}
