import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import { type Columns, checkColumns } from './columns.js'
import { columnsOfSchema, type DescribedSchema, isSchema } from './schema.js'

/**
 * The columns that arguments of `toTable` name: their types, or a schema and the types that it does not say.
 *
 * @throws ArgumentError that names the column.
 */
export function tableColumns(given: Columns | DescribedSchema, types: Columns = {}): Columns {
  if (typeof types !== 'object' || types === null)
    throw new ArgumentError(`toTable: types is ${describe(types)}; it must be an object with types of columns.`)
  if (isSchema(given)) return checkColumns(columnsOfSchema(given, types))
  if (Object.keys(types).length > 0)
    throw new ArgumentError('toTable: types go with a schema. Put all types into the first argument.')
  return checkColumns(given)
}
