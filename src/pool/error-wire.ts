import { inspect } from 'node:util'
import { type ErrorCode, MillraceError, RemoteError } from '../errors.js'
import { ERRORS } from '../values/kinds.js'
import { errorClass } from './error-classes.js'

/**
 * An error as it is sent between threads. Structured clone alone would drop its class, code, cause and own properties.
 */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: WireError
  /** The first errors of an AggregateError. */
  readonly errors?: readonly WireError[]
  /** Own properties: plain data unchanged, others as text. */
  readonly data?: Readonly<Record<string, unknown>>
}

const MAX_CAUSES = 8

const MAX_MESSAGE = 16_384

/**
 * Levels of a property's value. A thread's stack suffices for thousands, but the driver's is smaller and could not read
 * them.
 */
const MAX_LEVELS = 100

/**
 * Encodes any thrown value as plain data, including values that are not errors, getters and conversions that throw,
 * cycles, and messages of megabytes. Never throws.
 */
export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error))
    return { name: 'NonError', message: textOf(thrown), data: plainData({ value: thrown }) }
  if (thrown instanceof RemoteError) return encodeRemote(thrown, depth)
  const { code, cause, stack, errors, message, name, ...rest } = ownFields(thrown)
  const causedBy = read(thrown, 'cause') ?? cause
  const has = (value: unknown) => value !== undefined && depth < MAX_CAUSES
  const given = read(thrown, 'stack') ?? stack
  return {
    name: textOf(read(thrown, 'name') ?? name),
    message: textOf(read(thrown, 'message') ?? message ?? ''),
    stack: typeof given === 'string' ? cut(given) : undefined,
    code: code === undefined ? undefined : textOf(code),
    cause: has(causedBy) ? encodeError(causedBy, depth + 1) : undefined,
    errors:
      has(errors) && Array.isArray(errors)
        ? errors.slice(0, MAX_CAUSES).map((one) => encodeError(one, depth + 1))
        : undefined,
    data: plainData(rest),
  }
}

/**
 * Returns the own enumerable properties and the errors of an AggregateError. A getter that throws yields a text that
 * says so.
 */
function ownFields(thrown: Error): Record<string, unknown> {
  const names = Object.keys(thrown)
  if (Object.hasOwn(thrown, 'errors')) names.push('errors')
  return Object.fromEntries(names.map((name) => [name, read(thrown, name)]))
}

function read(object: object, name: string): unknown {
  try {
    return (object as Record<string, unknown>)[name]
  } catch (error) {
    return `[its getter threw: ${textOf((error as Error | undefined)?.message ?? error)}]`
  }
}

/** Returns any value as a text of bounded length. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return cut(value)
  try {
    return cut(inspect(value, { depth: 2, maxArrayLength: 20, maxStringLength: 1_000 }))
  } catch {
    return Object.prototype.toString.call(value)
  }
}

function cut(text: string): string {
  return text.length <= MAX_MESSAGE
    ? text
    : `${text.slice(0, MAX_MESSAGE)}... (${text.length - MAX_MESSAGE} more characters)`
}

/** Encodes a remote error as it arrived, so that a second thread receives it as if from the first. */
function encodeRemote(error: RemoteError, depth: number): WireError {
  return {
    name: error.remoteName,
    message: error.message,
    stack: error.stack,
    code: error.remoteCode,
    cause: error.cause !== undefined && depth < MAX_CAUSES ? encodeError(error.cause, depth + 1) : undefined,
    data: plainData(error.details),
  }
}

type MakeNative = (message: string, options: ErrorOptions | undefined) => Error

/** The classes of the language by name. An AggregateError gets its errors once they are decoded. */
const NATIVE: ReadonlyMap<string, MakeNative> = new Map(
  ERRORS.map((native): [string, MakeNative] => [
    native.name,
    native === AggregateError
      ? (message, options) => new AggregateError([], message, options)
      : (message, options) => new (native as ErrorConstructor)(message, options),
  ]),
)

/** Decodes an error. It gets its own class if this thread knows the class: one of the language or of Millrace. */
export function decodeError(wire: WireError): Error {
  const error = revive(wire)
  if (wire.stack) error.stack = wire.stack
  if (wire.errors) Object.defineProperty(error, 'errors', { value: wire.errors.map(decodeError), configurable: true })
  return error
}

function revive(wire: WireError): Error {
  const cause = wire.cause && decodeError(wire.cause)
  if (wire.code?.startsWith('ERR_MILLRACE_') && wire.code !== 'ERR_MILLRACE_REMOTE') {
    const code = wire.code as ErrorCode
    const { details, ...own } = wire.data ?? {}
    // Uses the base constructor, because constructors of some subclasses compose the message, which is already
    // composed.
    const error = Reflect.construct(
      MillraceError,
      [code, wire.message, { cause, details }],
      errorClass(code),
    ) as MillraceError
    return Object.assign(error, own)
  }
  const native = NATIVE.get(wire.name)
  if (!native) return new RemoteError({ ...wire, cause, details: wire.data })
  const error = native(wire.message, cause && { cause })
  if (wire.code !== undefined) Object.assign(error, { code: wire.code })
  return Object.assign(error, wire.data)
}

/** Returns the properties that survive structured clone and are not nested too deep; others as text. */
function plainData(properties: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(properties)) {
    try {
      const copy: unknown = structuredClone(value)
      kept[key] = isDeeper(copy, MAX_LEVELS) ? textOf(copy) : copy
    } catch {
      // Not cloneable (a function, a socket): its text still shows what it was.
      kept[key] = textOf(value)
    }
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}

/**
 * Returns whether a cloned value has more than `levels` levels. Counts each object once, as structured clone reads it.
 */
function isDeeper(value: unknown, levels: number, seen = new Set<object>()): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return false
  if (levels === 0) return true
  seen.add(value)
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value)
  if (value instanceof Error) parts.push(value.cause)
  return parts.some((part) => isDeeper(part, levels - 1, seen))
}
