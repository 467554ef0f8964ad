import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { RedisTarget } from './options.js'

/** A command and its arguments. */
export type Command = readonly [string, ...(string | Buffer)[]]

/** Returns the command that writes a record. @throws DataError if the record does not fit the target. */
export function commandOf(record: unknown, target: RedisTarget): Command {
  switch (target.to) {
    case 'stream': {
      const trim = target.maxLength === undefined ? [] : ['MAXLEN', '~', String(target.maxLength)]
      return ['XADD', target.key, ...trim, '*', ...fieldsOf(record)]
    }
    case 'hash': {
      const [field, value] = pairOf(record)
      return ['HSET', target.key, field, value]
    }
    case 'keys': {
      const [key, value] = pairOf(record)
      const expire = target.expireMs === undefined ? [] : ['PX', String(target.expireMs)]
      return ['SET', `${target.prefix}${key}`, value, ...expire]
    }
    case 'commands': {
      if (!Array.isArray(record) || typeof record[0] !== 'string')
        throw wrong(record, 'a command such as ["INCR", "n"]')
      const [name, ...args] = record as [string, ...unknown[]]
      return [name, ...args.map((arg) => argument(arg, 'An argument'))]
    }
  }
}

function fieldsOf(record: unknown): (string | Buffer)[] {
  const isObject = typeof record === 'object' && record !== null && !Array.isArray(record)
  const fields = isObject && !(record instanceof Uint8Array) ? Object.entries(record) : []
  if (fields.length === 0) throw wrong(record, 'an object with at least one field')
  return fields.flatMap(([name, value]) => [name, argument(value, `Field '${name}'`)])
}

function pairOf(record: unknown): [string, string | Buffer] {
  if (!Array.isArray(record) || record.length !== 2) throw wrong(record, 'a pair [key, value]')
  return [String(argument(record[0], 'The key')), argument(record[1], 'The value')]
}

/** Converts a value: texts, bytes, numbers and bigints stay as they are, other values become JSON. */
function argument(value: unknown, what: string): string | Buffer {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const json = JSON.stringify(value)
  if (json !== undefined) return json
  throw new DataError(
    `${what} of a record for Redis is ${describe(value)}; it must be a text, a number, bytes or a JSON value.`,
  )
}

function wrong(record: unknown, allowed: string): DataError {
  return new DataError(`A record for Redis is ${describe(record)}; map records to ${allowed}.`)
}
