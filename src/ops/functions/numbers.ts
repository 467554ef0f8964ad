import { builtin, defineBuiltin } from './builtin.js'
import { fieldOf } from './text.js'

/** Functions that parse numbers. A task may compute them on bytes, like the functions on text. */

const numberOf = (value: string): number => (value.trim() === '' ? Number.NaN : Number(value))

defineBuiltin('parseNumber', () => (value: string) => numberOf(value))

/** Parses a text as a number, by the rules of `Number`; NaN if it is not a number, or empty, or blank. */
export function parseNumber(): (value: string) => number {
  return builtin<(value: string) => number>('parseNumber')
}

defineBuiltin('numberField', (index: number, separator: string) => {
  const find = fieldOf('numberField', index, separator)
  return (line: string) => {
    const found = find(line)
    return found === undefined ? Number.NaN : numberOf(found)
  }
})

/**
 * Returns field `index` (from 0) of a separated line as a number, parsed as by `parseNumber`; NaN if the field is not a
 * number or the line has fewer fields.
 *
 * ```ts
 * await ctx.parallelize(['tea,3', 'milk,1.5', 'salt']).map(numberField(1)).collect() // [3, 1.5, NaN]
 * ```
 */
export function numberField(index: number, separator = ','): (line: string) => number {
  return builtin<(line: string) => number>('numberField', index, separator)
}
