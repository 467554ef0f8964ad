import type { Expression } from '../../ops/functions/meaning/expression.js'
import { fieldOf, type JsonField, jsonFieldOf } from './byte-fields.js'

/** A part of a line that programs read; `json`: its value may have any type. */
export type Part =
  | { readonly kind: 'line' }
  | { readonly kind: 'field'; readonly separator: number; readonly index: number }
  | { readonly kind: 'json'; readonly field: JsonField }

/** The kernels note as many separators of a line: assembly/memory.ts. */
const MAX_FIELDS = 64

/** Returns the part of a line that an expression is. */
export function partOf(made: Expression): Part | undefined {
  if (made.is === 'record') return { kind: 'line' }
  const at = fieldOf(made)
  if (at) return at.index < MAX_FIELDS ? { kind: 'field', ...at } : undefined
  const field = jsonFieldOf(made)
  // A lenient field of a library function does not throw.
  return field?.strict ? { kind: 'json', field } : undefined
}
