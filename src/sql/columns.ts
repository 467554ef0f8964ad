import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import { nameFault } from './quoted.js'

/** A type of DuckDB without parts. */
export type ScalarType =
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
  | 'HUGEINT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'DATE'
  | 'TIMESTAMP'
  | 'BLOB'

const SCALARS: readonly ScalarType[] = [
  'BOOLEAN',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'DOUBLE',
  'VARCHAR',
  'DATE',
  'TIMESTAMP',
  'BLOB',
]

/**
 * The type of a column: a type of DuckDB; `[type]` for a list of values of the type; `{ name: type }` for a struct.
 *
 * Records hold numbers in INTEGER and DOUBLE columns, numbers or bigints in BIGINT and HUGEINT columns, a Date in DATE
 * and TIMESTAMP columns, a Uint8Array in BLOB columns, an array in a list and an object in a struct. Any column holds
 * `null` and `undefined`, which are NULL.
 */
export type ColumnType = ScalarType | readonly [ColumnType] | { readonly [field: string]: ColumnType }

/** The columns of a table, in order, with their types. */
export type Columns = Readonly<Record<string, ColumnType>>

export function isScalar(type: unknown): type is ScalarType {
  return SCALARS.includes(type as ScalarType)
}

/** @throws ArgumentError that names the column. */
export function checkColumns(columns: unknown): Columns {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns) || Object.keys(columns).length === 0)
    throw new ArgumentError(
      `toTable: columns is ${describe(columns)}; it must be an object with the type of each column, such as { word: 'VARCHAR', n: 'BIGINT' }.`,
    )
  checkFields(columns, '')
  return columns as Columns
}

/** Names in SQL differ in more than the case of their letters. */
function checkFields(fields: object, path: string): void {
  const known = new Map<string, string>()
  for (const [name, type] of Object.entries(fields)) {
    const at = path === '' ? name : `${path}.${name}`
    const fault = nameFault(name)
    if (fault)
      throw new ArgumentError(`toTable: the name ${describe(name)} of a column ${fault}. Rename it.`, { column: at })
    const same = known.get(name.toLowerCase())
    if (same !== undefined)
      throw new ArgumentError(`toTable: ${at} and ${same} differ only in case, which SQL ignores. Rename one.`)
    known.set(name.toLowerCase(), at)
    checkType(type, at)
  }
}

function checkType(type: unknown, at: string): void {
  const isList = Array.isArray(type) && type.length === 1
  const isStruct = typeof type === 'object' && type !== null && !Array.isArray(type) && Object.keys(type).length > 0
  if (isList) checkType(type[0], `${at}[]`)
  else if (isStruct) checkFields(type, at)
  else if (!isScalar(type)) throw wrongType(type, at)
}

function wrongType(type: unknown, at: string): ArgumentError {
  return new ArgumentError(
    `toTable: the type of column ${at} is ${describe(type)}; it must be ${SCALARS.join(', ')}, [type] for a list, or { name: type } for a struct.`,
    { column: at },
  )
}
