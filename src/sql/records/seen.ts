import { DataError } from '../../errors.js'
import { advice, describe, kindName } from '../../values/describe.js'
import { below } from '../../values/fault.js'
import { kindOf } from '../../values/kinds.js'
import type { ScalarType } from '../columns.js'
import { nameFault } from '../quoted.js'

/** The type of a value as SQL has it: the type of a column, or of a part that is null in all records. */
export type ValueType = ScalarType | 'NULL' | { readonly list: ValueType } | { readonly fields: Fields }
export type Fields = ReadonlyMap<string, ValueType>

/**
 * Collects the type of a column from its values. The type depends on the kinds of the values only, never on the values,
 * so that a query means the same in each batch: every number is a DOUBLE, also in a batch that has only integers.
 */
export class SeenType {
  #kind: ScalarType | 'NULL' | 'list' | 'struct' = 'NULL'
  #item: SeenType | undefined
  readonly #fields = new Map<string, SeenType>()
  /** The location of the first object without fields before all that have some. */
  #bare: string | undefined

  /** `path` returns the location of the value, for errors. @throws DataError if the column cannot hold the value. */
  add(value: unknown, path: () => string): void {
    if (value === null || value === undefined) return
    const kind = kindIn(value, path)
    if (this.#kind === 'NULL') this.#kind = kind
    else if (this.#kind !== kind) throw mixed(value, kind, this.#kind, path)
    if (kind === 'list') this.#addItems(value as readonly unknown[], path)
    else if (kind === 'struct') this.#addFields(value as object, path)
  }

  /** @throws DataError if no struct has a field: one of SQL has at least one. */
  get type(): ValueType {
    if (this.#kind === 'list') return { list: this.#item?.type ?? 'NULL' }
    if (this.#kind !== 'struct') return this.#kind
    if (this.#fields.size === 0)
      throw new DataError(
        `${this.#bare} is an object without fields, which SQL does not have. Leave it out, or use null.`,
        { path: this.#bare },
      )
    return { fields: new Map([...this.#fields].map(([name, seen]) => [name, seen.type])) }
  }

  #addItems(items: readonly unknown[], path: () => string): void {
    this.#item ??= new SeenType()
    for (let i = 0; i < items.length; i++) this.#item.add(items[i], () => `${path()}[${i}]`)
  }

  #addFields(struct: object, path: () => string): void {
    for (const [name, value] of Object.entries(struct)) {
      field(this.#fields, name, path).add(value, () => below(path(), name))
    }
    if (this.#fields.size === 0) this.#bare ??= path()
  }
}

/** Returns the type of a field. @throws DataError for a name that SQL cannot have, or has already apart from case. */
export function field(fields: Map<string, SeenType>, name: string, path: () => string): SeenType {
  const known = fields.get(name)
  if (known) return known
  const fault = nameFault(name)
  if (fault)
    throw new DataError(`${path()} has a field ${describe(name)}, and this name ${fault}. Rename the field.`, {
      path: path(),
      field: name,
    })
  const same = [...fields.keys()].find((each) => each.toLowerCase() === name.toLowerCase())
  if (same !== undefined)
    throw new DataError(
      `${path()} has a field '${name}', and '${same}' differs only in case, which SQL ignores. Rename one.`,
      { path: path(), field: name },
    )
  const made = new SeenType()
  fields.set(name, made)
  return made
}

function kindIn(value: unknown, path: () => string): ScalarType | 'list' | 'struct' {
  switch (typeof value) {
    case 'string':
      return 'VARCHAR'
    case 'number':
      return 'DOUBLE'
    case 'bigint':
      return 'BIGINT'
    case 'boolean':
      return 'BOOLEAN'
    case 'object': {
      if (value instanceof Date) return 'TIMESTAMP'
      if (value instanceof Uint8Array) return 'BLOB'
      if (Array.isArray(value)) return 'list'
      const kind = kindOf(value as object)
      if (kind === 'object' || kind === 'bare') return 'struct'
    }
  }
  throw new DataError(`${path()} is ${kindName(value)}, which SQL does not have. ${advised(value)}.`, { path: path() })
}

function advised(value: unknown): string {
  if (value instanceof Map || value instanceof Set) return 'Use an array, [...value]'
  return advice(value)
}

const NAMES: Readonly<Record<string, string>> = { list: 'lists', struct: 'structs' }

function mixed(value: unknown, kind: string, earlier: string, path: () => string): DataError {
  const numbers = new Set([kind, earlier, 'DOUBLE', 'BIGINT']).size === 2
  const remedy = numbers
    ? "Set the type with toTable: 'BIGINT' and 'HUGEINT' take numbers and bigints"
    : 'Map the records so that each column has values of one type'
  return new DataError(
    `${path()} is ${describe(value)}, and earlier records have ${NAMES[earlier] ?? earlier} there. ${remedy}.`,
    { path: path(), earlier },
  )
}
