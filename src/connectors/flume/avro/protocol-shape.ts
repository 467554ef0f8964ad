import { MalformedError } from './reader.js'

/** The nesting at which types are refused: only an attacker sends deeper ones. */
const DEEPEST = 8

type Schema = string | readonly Schema[] | { readonly [name: string]: unknown }
interface Message {
  readonly request?: readonly { readonly type: Schema }[]
  readonly response?: Schema
}

/**
 * Returns how a protocol in JSON encodes these calls, without the parts that do not affect bytes: names of types and
 * fields, documentation, hints for languages. Equal results mean equal encodings.
 */
export function shapeOf(protocol: string, calls: readonly string[]): string {
  const { types, messages } = JSON.parse(protocol) as {
    types: readonly Readonly<Record<string, unknown>>[]
    messages: Readonly<Record<string, Message>>
  }
  const named = new Map(types.map((type) => [String(type.name), type as Schema]))
  const shapes = calls.map((name) => {
    const { request = [], response = 'null' } = messages[name] ?? {}
    return [request.map(({ type }) => shape(type, named, 0)), shape(response, named, 0)]
  })
  return JSON.stringify(shapes)
}

/** Returns the same for the text that a peer has sent. @throws MalformedError if the text cannot be parsed. */
export function shapeOfPeer(protocol: string, calls: readonly string[], peer: 'client' | 'server'): string {
  try {
    return shapeOf(protocol, calls)
  } catch (cause) {
    throw new MalformedError(`the protocol of the ${peer} cannot be read`, { cause })
  }
}

function shape(schema: Schema, named: ReadonlyMap<string, Schema>, depth: number): unknown {
  if (depth > DEEPEST) throw new MalformedError('a protocol has types that are nested too deeply')
  const inner = (of: unknown) => shape(of as Schema, named, depth + 1)
  if (typeof schema === 'string') {
    const type = named.get(schema.slice(schema.lastIndexOf('.') + 1))
    return type === undefined ? schema : inner(type)
  }
  if (Array.isArray(schema)) return schema.map(inner)
  const { type, values, items, fields, symbols } = schema as Readonly<Record<string, unknown>>
  switch (type) {
    case 'record':
      return { record: (fields as readonly { type: Schema }[]).map((field) => inner(field.type)) }
    case 'enum':
      return { symbols }
    case 'map':
      return { map: inner(values) }
    case 'array':
      return { array: inner(items) }
    default:
      return type
  }
}
