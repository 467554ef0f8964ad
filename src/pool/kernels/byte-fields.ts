import type { Expression } from '../../ops/functions/meaning/expression.js'
import { byteOf, type FieldAt, MAX_INDEX, type Names, namesOf, pathOf } from './byte-arguments.js'

/**
 * A field of a line of JSON. `strict`: a function that throws at a line which is not JSON, or at a path that ends
 * before the field.
 */
export interface JsonField {
  readonly names: Names
  readonly strict: boolean
}

/** Returns the field of a separated line that an expression is. */
export function fieldOf(made: Expression): FieldAt | undefined {
  if (made.is !== 'item' || made.of.is !== 'split' || made.of.of.is !== 'record') return undefined
  const separator = byteOf(made.of.separator)
  return separator === undefined || made.index >= MAX_INDEX ? undefined : { separator, index: made.index }
}

/** Returns the field of a line of JSON that an expression is. */
export function jsonFieldOf(made: Expression): JsonField | undefined {
  if (made.is === 'jsonField') {
    const names = made.of.is === 'record' ? pathOf(made.path) : undefined
    return names && { names, strict: false }
  }
  const path: string[] = []
  while (made.is === 'field') {
    path.unshift(made.name)
    made = made.of
  }
  if (path.length === 0 || made.is !== 'json' || made.of.is !== 'record') return undefined
  const names = namesOf(path)
  return names && { names, strict: true }
}
