import { DataError } from '../../errors.js'
import { describe, kindName } from '../../values/describe.js'
import { below } from '../../values/fault.js'
import { fieldsOf } from '../../values/fields-of.js'
import { kindOf } from '../../values/kinds.js'
import type { Columns, ColumnType } from '../columns.js'
import type { TableSpec } from '../query.js'
import { field, type SeenType, type ValueType } from './seen.js'

/** The records of a table, and its columns. */
export interface TableData {
  readonly name: string
  /** The name of the table of DuckDB that has the records. */
  readonly stored: string
  readonly columns: ReadonlyMap<string, ValueType>
  /** Whether the columns are unknown: no record has a field, and no types were set. */
  readonly isUnknown: boolean
  readonly records: readonly unknown[]
  /** Returns the values of a record in the order of the columns. */
  valuesOf(record: unknown): readonly unknown[]
}

/** @throws DataError if the records have no common columns. */
export function tableData(spec: TableSpec, stored: string, records: readonly unknown[]): TableData {
  return { ...(spec.columns ? typed(spec.name, spec.columns, records) : inferred(spec.name, records)), stored }
}

type Content = Omit<TableData, 'stored'>

function typed(name: string, columns: Columns, records: readonly unknown[]): Content {
  const names = Object.keys(columns)
  const types = new Map(Object.entries(columns).map(([column, type]) => [column, toValueType(type)]))
  const valuesOf = (record: unknown) =>
    names.length === 1 && shapeOf(record) === 'value' ? [record] : fieldsOf(record, names, `the table ${name}`)
  return { name, columns: types, isUnknown: false, records, valuesOf }
}

function toValueType(type: ColumnType): ValueType {
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return { list: toValueType(type[0]) }
  return { fields: new Map(Object.entries(type).map(([name, each]) => [name, toValueType(each)])) }
}

/** The form of a record in a table without set types: an object, a pair, or one value. */
type Shape = 'object' | 'pair' | 'value'

function shapeOf(record: unknown): Shape {
  if (typeof record !== 'object' || record === null || record instanceof Date || record instanceof Uint8Array)
    return 'value'
  return Array.isArray(record) ? 'pair' : 'object'
}

const COLUMNS_OF_PAIRS = ['key', 'value'] as const

function inferred(name: string, records: readonly unknown[]): Content {
  const shape = records.length > 0 ? shapeOf(records[0]) : 'object'
  const seen = new SeenColumns(name)
  for (const record of records) seen.add(record, shape)
  const columns = seen.types
  const names = [...columns.keys()]
  const valuesOf = {
    value: (record: unknown) => [record],
    pair: (record: unknown) => record as readonly unknown[],
    object: (record: unknown) => names.map((column) => own(record as object, column)),
  }[shape]
  return { name, columns, isUnknown: names.length === 0, records, valuesOf }
}

interface SeenColumn {
  readonly seen: SeenType
  /** Returns the location of the column in the current record, for errors. */
  readonly path: () => string
}

/** The columns that the records of a table have, in the order in which they first occur. */
class SeenColumns {
  readonly #name: string
  readonly #types = new Map<string, SeenType>()
  readonly #columns = new Map<string, SeenColumn>()
  #index = 0

  constructor(name: string) {
    this.#name = name
  }

  get types(): ReadonlyMap<string, ValueType> {
    return new Map([...this.#types].map(([column, { type }]) => [column, type]))
  }

  add(record: unknown, shape: Shape): void {
    if (shapeOf(record) !== shape) throw mixedShapes(this.#path(), record, shape)
    if (shape === 'value') this.#note('value', record, shape)
    else if (shape === 'pair') this.#addPair(record as readonly unknown[])
    else this.#addObject(record as object)
    this.#index++
  }

  #path(): string {
    return `${this.#name}[${this.#index}]`
  }

  #note(column: string, value: unknown, shape: Shape): void {
    const { seen, path } = this.#columns.get(column) ?? this.#first(column, shape)
    seen.add(value, path)
  }

  #first(column: string, shape: Shape): SeenColumn {
    const place = COLUMNS_OF_PAIRS.indexOf(column as 'key')
    const paths = {
      value: () => this.#path(),
      pair: () => `${this.#path()}[${place}]`,
      object: () => below(this.#path(), column),
    }
    const made = { seen: field(this.#types, column, () => this.#path()), path: paths[shape] }
    this.#columns.set(column, made)
    return made
  }

  #addPair(record: readonly unknown[]): void {
    if (record.length !== 2)
      throw new DataError(
        `${this.#path()} is an array of ${record.length}. Name its columns with toTable, such as { a: 'DOUBLE', b: 'VARCHAR' }, or map it to an object.`,
        { path: this.#path() },
      )
    this.#note('key', record[0], 'pair')
    this.#note('value', record[1], 'pair')
  }

  #addObject(record: object): void {
    const kind = kindOf(record)
    if (kind !== 'object' && kind !== 'bare')
      throw new DataError(`${this.#path()} is ${kindName(record)}; map it to an object with a field for each column.`, {
        path: this.#path(),
      })
    for (const column of Object.keys(record))
      this.#note(column, (record as Readonly<Record<string, unknown>>)[column], 'object')
  }
}

function own(record: object, name: string): unknown {
  return Object.hasOwn(record, name) ? (record as Readonly<Record<string, unknown>>)[name] : undefined
}

const SHAPES = { object: 'objects', pair: 'arrays', value: 'single values' }

function mixedShapes(path: string, record: unknown, shape: Shape): DataError {
  return new DataError(
    `${path} is ${describe(record)}, and earlier records are ${SHAPES[shape]}. Map all records of a table to one shape.`,
    { path },
  )
}
