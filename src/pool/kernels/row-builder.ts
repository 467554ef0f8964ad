import type { Expression } from '../../ops/functions/meaning/expression.js'
import { keptText, type RowText } from './row-texts.js'

/** The kinds of values, and the end of a line. */
export type Kind = 'end' | 'int' | 'number' | 'text' | 'word'

/** A name of a shape, with its constant value in JSON, or the kind of its values. */
export interface Field {
  readonly name: string
  readonly is: { readonly constant: string } | { readonly kind: Kind }
}

/** The results of `readRows`: a shape for each line, and the values of all lines, which begin at address `at`: `text`. */
export interface ReadRows {
  readonly codes: Uint8Array
  readonly ints: Int32Array
  readonly numbers: Float64Array
  readonly words: Uint32Array
  readonly memory: Buffer
  readonly text: string
  readonly at: number
  readonly length: number
}

/**
 * Appends the rows to `rows`, and writes the number of each row's line to `lines`. `other` appends what a line is that was
 * not read: it begins at `at`.
 */
export type BuildRows = (
  read: ReadRows,
  rows: unknown[],
  other: (at: number, length: number) => void,
  lines: Uint32Array,
) => void

/** Shorter substrings are copies: they do not keep the text around them in memory. */
const CUT_FROM = 13

/**
 * Compiles the function that builds the objects: literals of the language, so V8 allocates them in the loop. With filters, it
 * omits rows that they certainly refuse; undefined if there is none in any shape.
 */
export function rowBuilder(
  shapes: readonly (readonly Field[])[],
  filters: readonly Expression[] = [],
): BuildRows | undefined {
  let omits = false
  const cases = shapes.map((fields, code) => {
    let v = 0
    const texts = new Map(fields.map(({ name, is }) => [name, textOf(is, () => v++)]))
    const members = [...texts].map(([name, { text }]) => `${JSON.stringify(name)}: ${text}`)
    const kept = keptText(filters, texts)
    omits ||= kept !== undefined
    const push = `lines[rows.length] = i; rows.push({ ${members.join(', ')} })`
    return `case ${code}: ${kept ? `if (${kept}) { ${push} }` : push}; v += ${v}; break`
  })
  if (filters.length > 0 && !omits) return undefined
  const text = `
    'use strict'
    const { codes, ints, numbers, words, memory, text, at } = read
    const textOf = (from, length) => length < ${CUT_FROM}
      ? text.substring(from - at, from - at + length)
      : memory.toString('latin1', from, from + length)
    let v = 0
    for (let i = 0; i < codes.length; i++) switch (codes[i]) {
      ${cases.join('\n')}
      default: lines[rows.length] = i; other(words[2 * v], words[2 * v + 1]); v++
    }`
  return new Function('read', 'rows', 'other', 'lines', text) as BuildRows
}

function textOf(is: Field['is'], next: () => number): RowText {
  if ('constant' in is) return { text: is.constant, isText: is.constant.startsWith('"') }
  return { text: VALUES[is.kind](next()), isText: is.kind === 'text' }
}

const VALUES: Record<Kind, (v: number) => string> = {
  end: () => 'undefined',
  int: (v) => `ints[2 * (v + ${v})]`,
  number: (v) => `numbers[v + ${v}]`,
  text: (v) => `textOf(words[2 * (v + ${v})], words[2 * (v + ${v}) + 1])`,
  word: (v) => `(words[2 * (v + ${v})] === 2 ? null : words[2 * (v + ${v})] === 1)`,
}
