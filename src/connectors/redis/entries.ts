import { SourceError } from '../../errors.js'
import type { RedisFormat } from './options.js'

/** An entry as the server returns it: the id, and a list of alternating fields and values. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[]]

/** Decodes an entry. @throws SourceError with its id if it does not fit the options. */
export function decodeEntry([id, fields]: RawEntry, stream: string, format: RedisFormat): unknown {
  try {
    const value = format.field === undefined ? allFields(fields, format) : oneField(fields, format.field, format)
    return format.ids ? { stream, id: String(id), value } : value
  } catch (cause) {
    throw new SourceError(
      `Entry ${id} of Redis stream '${stream}' is not what the options say: ${(cause as Error).message}. Drop such entries with onRecordError, or read values as 'text' or 'bytes' and without field, and decode them by an operation.`,
      { cause, details: { stream, id: String(id), final: true } },
    )
  }
}

/** Returns an entry without decoding it, for dead letters. */
export function undecodedEntry([id, fields]: RawEntry, stream: string): object {
  return { stream, id: String(id), value: allFields(fields, { value: 'bytes', field: undefined, ids: false }) }
}

function allFields(fields: readonly Buffer[], format: RedisFormat): Record<string, unknown> {
  const pairs: [string, unknown][] = []
  for (let i = 0; i < fields.length; i += 2) pairs.push([String(fields[i]), decode(fields[i + 1]!, format)])
  // Not by assignment: a field may have any name, such as __proto__.
  return Object.fromEntries(pairs)
}

function oneField(fields: readonly Buffer[], name: string, format: RedisFormat): unknown {
  for (let i = 0; i < fields.length; i += 2) if (String(fields[i]) === name) return decode(fields[i + 1]!, format)
  throw new Error(`it has no field '${name}'`)
}

function decode(bytes: Buffer, { value }: RedisFormat): unknown {
  if (value === 'bytes') return bytes
  const text = bytes.toString()
  return value === 'json' ? JSON.parse(text) : text
}
