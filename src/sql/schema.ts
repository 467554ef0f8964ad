import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { Columns } from './columns.js'
import { columnsOfJsonSchema } from './json-schema.js'

/**
 * A schema that can describe its values as JSON Schema: Standard JSON Schema, version 1. Schemas of zod from 4.2 and
 * arktype from 2.1.28 are; `toStandardJsonSchema` of `@valibot/to-json-schema` makes one of a schema of valibot.
 */
export interface DescribedSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly jsonSchema: {
      readonly output: (options: {
        readonly target: 'draft-2020-12'
        readonly libraryOptions?: Record<string, unknown>
      }) => Record<string, unknown>
    }
  }
}

/** Dates and bigints have no JSON Schema. With these options zod and valibot leave their types open; arktype always does. */
const OPEN = { unrepresentable: 'any', errorMode: 'ignore' }

export function isSchema(given: unknown): given is DescribedSchema {
  const isObject = (typeof given === 'object' && given !== null) || typeof given === 'function'
  return isObject && '~standard' in given
}

/**
 * Returns the columns of a schema's fields, in their order. `types`: columns whose types the schema does not say, or says
 * differently.
 *
 * @throws ArgumentError that names the column.
 */
export function columnsOfSchema(schema: DescribedSchema, types: Columns): Columns {
  const { vendor, jsonSchema } = schema['~standard']
  if (typeof jsonSchema?.output !== 'function')
    throw new ArgumentError(
      `toTable: the schema of ${describe(vendor)} validates values but does not describe them. Use Standard JSON Schema: zod from 4.2, arktype from 2.1.28, or toStandardJsonSchema(schema) of @valibot/to-json-schema for valibot.`,
      { vendor },
    )
  return columnsOfJsonSchema(described(schema), types)
}

function described(schema: DescribedSchema): Record<string, unknown> {
  const { vendor, jsonSchema } = schema['~standard']
  try {
    return jsonSchema.output({ target: 'draft-2020-12', libraryOptions: OPEN })
  } catch (cause) {
    throw new ArgumentError(
      `toTable: ${vendor} cannot describe the schema: ${cause instanceof Error ? cause.message : String(cause)}. Pass the types of columns instead, such as { word: 'VARCHAR', n: 'BIGINT' }.`,
      { vendor },
      { cause },
    )
  }
}
