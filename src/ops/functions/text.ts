import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from './builtin.js'
import { describe } from './plain-data.js'

/*
 * Functions on lines of text. Each is an ordinary function for whoever calls it; a task that runs on a text block may
 * recognise it by name (builtinMark) and work on the bytes instead.
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

/** `line => line.split(separator)`: empty pieces are kept. The separator is a string, not an expression. */
export function split(separator: string): (line: string) => string[] {
  return builtin<(line: string) => string[]>('split', separator)
}

defineBuiltin('words', () => (line: string) => {
  const found = line.split(/\s+/)
  // Only the ends can be empty.
  if (found[found.length - 1] === '') found.pop()
  if (found[0] === '') found.shift()
  return found
})

/** The words of a line: split at runs of white space (as `\s` has it), none of them empty. */
export function words(): (line: string) => string[] {
  return builtin<(line: string) => string[]>('words')
}

const HASHTAG = /(?<![\p{L}\p{M}\p{N}_&])#[\p{L}\p{M}\p{N}_]*[\p{L}\p{M}][\p{L}\p{M}\p{N}_]*/gu

defineBuiltin('hashtags', () => (line: string) => line.match(HASHTAG) ?? [])

/**
 * The hashtags of a line, `#` included, as they are written: letters of any script, digits and underscores, at least one
 * of them a letter, and none of that in front of the `#`.
 */
export function hashtags(): (line: string) => string[] {
  return builtin<(line: string) => string[]>('hashtags')
}

defineBuiltin('includes', (part: string) => {
  text('includes', 'a text', part, 'empty')
  return (line: string) => line.includes(part)
})

/** Whether a line contains the text, case and all. */
export function includes(part: string): (line: string) => boolean {
  return builtin<(line: string) => boolean>('includes', part)
}

defineBuiltin('startsWith', (part: string) => {
  text('startsWith', 'a text', part, 'empty')
  return (line: string) => line.startsWith(part)
})

/** Whether a line begins with the text, case and all. */
export function startsWith(part: string): (line: string) => boolean {
  return builtin<(line: string) => boolean>('startsWith', part)
}

/**
 * `field` as an ordinary function.
 * @throws ArgumentError if an argument is not allowed for `operation`.
 */
export function fieldOf(operation: string, index: number, separator: string): (line: string) => string | undefined {
  if (!Number.isInteger(index) || index < 0) {
    throw new ArgumentError(`${operation} needs the number of a field as an integer from 0 on, got ${describe(index)}.`)
  }
  text(operation, 'a separator', separator, 'not empty')
  return (line) => {
    // Walks to the field and no further, instead of building all of them.
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

/** Field `index` (from 0) of a separated line, or undefined if the line has fewer. Quotes have no meaning. */
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
      // Promised: a line that is no JSON has no field. A stream must not stop at one bad line.
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
 * The value at a path such as `'user.id'` or `'tags.0'` of a line of JSON; undefined if the line is malformed or has
 * nothing there. Names that contain a dot cannot be reached.
 */
export function jsonField<T = unknown>(path: string): (line: string) => T | undefined {
  return builtin<(line: string) => T | undefined>('jsonField', path)
}

defineBuiltin('length', () => (value: { readonly length: number }) => value.length)

/** The length of a text (in UTF-16 units) or an array. */
export function length(): (value: { readonly length: number }) => number {
  return builtin<(value: { readonly length: number }) => number>('length')
}

defineBuiltin('toLowerCase', () => (value: string) => value.toLowerCase())

/** A text in lower case, independent of the locale. */
export function toLowerCase(): (value: string) => string {
  return builtin<(value: string) => string>('toLowerCase')
}
