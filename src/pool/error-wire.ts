import { type ErrorCode, errorClass, MillraceError } from '../errors.js'

/** An error as it crosses threads: structured clone alone would drop its class, code, cause and own properties. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: WireError
  /** Own properties that are plain data; others as text. */
  readonly data?: Readonly<Record<string, unknown>>
}

const MAX_CAUSES = 8

export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error))
    return { name: 'NonError', message: String(thrown), data: plainData({ value: thrown }) }
  if (thrown instanceof RemoteError) return thrown.toWire(depth)
  const { code, cause, ...rest } = thrown as Error & { code?: unknown }
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    code: code === undefined ? undefined : String(code),
    // Own, but not enumerable: so not part of `rest`, and read from the error itself.
    cause: thrown.cause !== undefined && depth < MAX_CAUSES ? encodeError(thrown.cause ?? cause, depth + 1) : undefined,
    data: plainData(rest),
  }
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

/** The properties that survive structured clone; those that do not, as text. */
function plainData(properties: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(properties)) {
    try {
      kept[key] = structuredClone(value)
    } catch {
      // Not cloneable (a function, a socket): its text still tells what it was.
      kept[key] = String(value)
    }
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}
