import { inspect } from 'node:util'
import { type ErrorCode, errorClass, MillraceError } from '../errors.js'

/** An error as it crosses threads: structured clone alone would drop its class, code, cause and own properties. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: WireError
  /** Of an AggregateError: the first of its errors. */
  readonly errors?: readonly WireError[]
  /** Own properties that are plain data; others as text. */
  readonly data?: Readonly<Record<string, unknown>>
}

const MAX_CAUSES = 8

const MAX_MESSAGE = 16_384

/** Levels of a property's value: a thread's stack takes thousands, but the driver's, which is smaller, cannot read them. */
const MAX_LEVELS = 100

/**
 * An error as plain data, whatever was thrown: values that are no errors, getters and conversions that throw, cycles,
 * messages of megabytes. Never throws.
 */
export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error))
    return { name: 'NonError', message: textOf(thrown), data: plainData({ value: thrown }) }
  if (thrown instanceof RemoteError) return thrown.toWire(depth)
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

/** Own enumerable properties and, of an AggregateError, its errors; those whose getters throw say so. */
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

/** Any value as a text of bounded length. */
function textOf(value: unknown): string {
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

/** An error of a class that only the other thread knows: keeps its name, message, stack, code, cause and properties. */
export class RemoteError extends MillraceError {
  readonly remoteName: string
  readonly remoteCode: string | undefined

  constructor(wire: WireError) {
    super('ERR_MILLRACE_REMOTE', wire.message, { cause: wire.cause && decodeError(wire.cause), details: wire.data })
    this.remoteName = wire.name
    this.remoteCode = wire.code
  }

  override get name(): string {
    return this.remoteName
  }

  /** As it came: an error that crosses a second thread arrives there as it would have from the first. */
  toWire(depth: number): WireError {
    return {
      name: this.remoteName,
      message: this.message,
      stack: this.stack,
      code: this.remoteCode,
      cause: this.cause !== undefined && depth < MAX_CAUSES ? encodeError(this.cause, depth + 1) : undefined,
      data: plainData(this.details),
    }
  }
}

const NATIVE: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
}

/** The error again, of its own class where this thread knows it: the language's classes and Millrace's. */
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
    const error = new MillraceError(code, wire.message, {
      cause,
      details: details as Record<string, unknown> | undefined,
    })
    // The constructors of the subclasses make their own messages; this one has been made already.
    Object.setPrototypeOf(error, errorClass(code).prototype)
    return Object.assign(error, own)
  }
  const native = NATIVE[wire.name]
  if (!native) return new RemoteError(wire)
  const error = new native(wire.message, cause ? { cause } : undefined)
  if (wire.code !== undefined) Object.assign(error, { code: wire.code })
  return Object.assign(error, wire.data)
}

/** The properties that survive structured clone and are not nested too deep; others as text. */
function plainData(properties: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(properties)) {
    try {
      const copy: unknown = structuredClone(value)
      kept[key] = isDeeper(copy, MAX_LEVELS) ? textOf(copy) : copy
    } catch {
      // Not cloneable (a function, a socket): its text still tells what it was.
      kept[key] = textOf(value)
    }
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}

/** Whether a cloned value has more than `levels` levels, counted as structured clone reads it: each object once. */
function isDeeper(value: unknown, levels: number, seen = new Set<object>()): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return false
  if (levels === 0) return true
  seen.add(value)
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value)
  if (value instanceof Error) parts.push(value.cause)
  return parts.some((part) => isDeeper(part, levels - 1, seen))
}
