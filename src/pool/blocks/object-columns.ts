/** Below this many, columns take more bytes and time than msgpack. */
export const LEAST_ROWS = 8
/** Objects with more fields than this are usually dictionaries, whose names differ. */
const MOST_NAMES = 64

/** Writes objects with the same fields, field by field. */
export interface ObjectColumns {
  readonly names: readonly string[]
  readonly columns: readonly unknown[][]
}

/**
 * Returns the fields of plain objects that all have the same names in the same order; undefined if there is any other
 * value, or a property named by a symbol. Cost: about 60 ns per object, half of it for the symbols.
 */
export function objectColumns(values: readonly unknown[]): ObjectColumns | undefined {
  const first = values[0]
  if (values.length < LEAST_ROWS || typeof first !== 'object' || first === null) return undefined
  if (Object.getPrototypeOf(first) !== Object.prototype) return undefined
  const names = Object.keys(first)
  if (names.length > MOST_NAMES || names.includes('__proto__')) return undefined
  const columns = names.map(() => new Array<unknown>(values.length))
  for (let i = 0; i < values.length; i++) if (!addRow(values[i], i, names, columns)) return undefined
  return { names, columns }
}

function addRow(value: unknown, row: number, names: readonly string[], columns: readonly unknown[][]): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return false
  let at = 0
  for (const name in value) {
    if (name !== names[at]) return false
    columns[at++]![row] = (value as Readonly<Record<string, unknown>>)[name]
  }
  return at === names.length
}
