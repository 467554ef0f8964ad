import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { Columns, ColumnType, ScalarType } from './columns.js'

type Schema = Readonly<Record<string, unknown>>

const INT32 = 2 ** 31

/**
 * Returns the columns that hold the objects of a JSON Schema (2020-12), in the order of its properties. A column of `types`
 * has the type from there.
 *
 * @throws ArgumentError that names a column without one type.
 */
export function columnsOfJsonSchema(root: Schema, types: Columns): Columns {
  const reader = new SchemaReader(root)
  const fields = reader.fields(root)
  if (!fields)
    throw new ArgumentError(`toTable: the schema is ${text(root)}; it must be one of objects with named fields.`)
  const extra = Object.keys(types).find((name) => !Object.hasOwn(fields, name))
  if (extra !== undefined)
    throw new ArgumentError(`toTable: types has ${describe(extra)}, which is no field of the schema.`, {
      column: extra,
    })
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      Object.hasOwn(types, name) ? types[name]! : reader.typeOf(field, name, [root]),
    ]),
  )
}

class SchemaReader {
  readonly #root: Schema

  constructor(root: Schema) {
    this.#root = root
  }

  /** The properties of a schema of objects; undefined if it is another one, or its keys are free. */
  fields(schema: Schema): Record<string, Schema> | undefined {
    const { properties } = this.#target(schema)
    return isSchema(properties) && Object.keys(properties).length > 0
      ? (properties as Record<string, Schema>)
      : undefined
  }

  /** `path`: the schemas around this one. One that contains itself has no type of SQL. */
  typeOf(given: Schema, at: string, path: readonly Schema[]): ColumnType {
    const schema = this.#target(given)
    if (path.includes(schema)) throw unclear(at, 'contains itself, and SQL has no such type')
    const types = this.#kinds(schema, []).map((kind) => this.#single(kind, at, [...path, schema]))
    const [first] = types
    if (first === undefined) throw unclear(at, `is ${text(given)}, which has no type of SQL`)
    if (types.every((type) => JSON.stringify(type) === JSON.stringify(first))) return first
    if (types.every((type) => NUMBERS.includes(type as ScalarType))) return widest(types as ScalarType[])
    throw unclear(at, `has several types: ${types.map((type) => JSON.stringify(type)).join(', ')}`)
  }

  /** The alternatives of a schema, each of one JSON type. Without null, because any column holds NULL. */
  #kinds(given: Schema, path: readonly Schema[]): Schema[] {
    const schema = this.#target(given)
    // An alternative that is the whole again adds nothing to it.
    if (path.includes(schema)) return []
    const { type, anyOf, oneOf, enum: values } = schema
    const parts = anyOf ?? oneOf
    if (Array.isArray(parts)) return parts.flatMap((part: Schema) => this.#kinds(part, [...path, schema]))
    if (Array.isArray(type)) return type.filter((each) => each !== 'null').map((each) => ({ ...schema, type: each }))
    if (type !== undefined) return type === 'null' ? [] : [schema]
    const literals = Array.isArray(values) ? values : 'const' in schema ? [schema.const] : []
    return literals.filter((value) => value !== null).map((value) => ({ type: jsonType(value) }))
  }

  #single(schema: Schema, at: string, path: readonly Schema[]): ColumnType {
    switch (schema.type) {
      case 'boolean':
        return 'BOOLEAN'
      case 'string':
        return 'VARCHAR'
      case 'number':
        return 'DOUBLE'
      case 'integer':
        return isInt32(schema) ? 'INTEGER' : 'BIGINT'
      case 'array':
        if (isSchema(schema.items)) return [this.typeOf(schema.items, `${at}[]`, path)]
        break
      case 'object': {
        const fields = Object.entries(this.fields(schema) ?? {})
        if (fields.length === 0) break
        return Object.fromEntries(fields.map(([name, field]) => [name, this.typeOf(field, `${at}.${name}`, path)]))
      }
    }
    throw unclear(at, `is ${text(schema)}, which has no type of SQL`)
  }

  /** Follows references within the schema, such as `#/$defs/Buyer`. An empty schema if they lead nowhere. */
  #target(schema: Schema): Schema {
    const followed = new Set<unknown>()
    let target: unknown = schema
    while (isSchema(target) && typeof target.$ref === 'string') {
      if (followed.has(target)) return {}
      followed.add(target)
      target = this.#at(target.$ref)
    }
    return isSchema(target) ? target : {}
  }

  #at(reference: string): unknown {
    const [start, ...keys] = reference.split('/')
    if (start !== '#') return undefined
    return keys
      .map((key) => decodeURIComponent(key).replace(/~1/g, '/').replace(/~0/g, '~'))
      .reduce<unknown>((at, key) => (isSchema(at) ? at[key] : undefined), this.#root)
  }
}

const NUMBERS: readonly ScalarType[] = ['INTEGER', 'BIGINT', 'DOUBLE']

function widest(types: readonly ScalarType[]): ScalarType {
  return NUMBERS[Math.max(...types.map((type) => NUMBERS.indexOf(type)))]!
}

function isInt32({ minimum, maximum }: Schema): boolean {
  return typeof minimum === 'number' && typeof maximum === 'number' && minimum >= -INT32 && maximum < INT32
}

function jsonType(value: unknown): string {
  return Number.isInteger(value) ? 'integer' : typeof value
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(schema: Schema): string {
  const whole = JSON.stringify(schema)
  return whole.length > 100 ? `${whole.slice(0, 100)}...` : whole
}

function unclear(at: string, fault: string): ArgumentError {
  const [column] = at.split(/[.[]/)
  return new ArgumentError(
    `toTable: ${at} ${fault}. Pass its type in the second argument, such as { ${column}: 'VARCHAR' }; dates are TIMESTAMP, bigints BIGINT or HUGEINT, bytes BLOB.`,
    { column: at },
  )
}
