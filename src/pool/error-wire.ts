import { type ErrorCode, MillraceError } from '../errors.js'

/** An error as it crosses threads: structured clone alone would drop its class, code, cause and own properties. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: WireError
  readonly data?: Readonly<Record<string, unknown>>
}

const MAX_CAUSES = 8

export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) return { name: 'NonError', message: String(thrown), data: plainData({ value: thrown }) }
  const { name, message, stack, cause, code, ...rest } = thrown as Error & { code?: unknown }
  return {
    name: thrown.name ?? name,
    message: message ?? thrown.message,
    stack: stack ?? thrown.stack,
    code: typeof thrown === 'object' && 'code' in thrown ? String((thrown as { code: unknown }).code ?? code) : undefined,
    cause: thrown.cause !== undefined && depth < MAX_CAUSES ? encodeError(thrown.cause ?? cause, depth + 1) : undefined,
    data: plainData(rest),
  }
}

/** An error that was thrown in another thread: keeps name, message, stack, code, cause and plain own properties. */
export class RemoteError extends MillraceError {
  /** The class name of the original, and its code where it had one. */
  readonly remoteName: string
  readonly remoteCode: string | undefined

  constructor(wire: WireError) {
    super('ERR_MILLRACE_REMOTE', wire.message, { cause: wire.cause && decodeError(wire.cause), details: wire.data })
    this.remoteName = wire.name
    this.remoteCode = wire.code
    if (wire.stack) this.stack = wire.stack
  }

  override get name(): string {
    return this.remoteName ?? 'RemoteError'
  }
}

const NATIVE: Record<string, new (message: string, options?: ErrorOptions) => Error> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
}

export function decodeError(wire: WireError): Error {
  const native = NATIVE[wire.name]
  if (wire.code?.startsWith('ERR_MILLRACE_')) {
    return new MillraceError(wire.code as ErrorCode, wire.message, {
      cause: wire.cause && decodeError(wire.cause),
      details: wire.data?.details as Record<string, unknown> | undefined,
    })
  }
  if (!native) return new RemoteError(wire)
  const error = new native(wire.message, wire.cause ? { cause: decodeError(wire.cause) } : undefined)
  if (wire.stack) error.stack = wire.stack
  if (wire.code !== undefined) Object.assign(error, { code: wire.code })
  return Object.assign(error, wire.data)
}

/** The own properties that survive structured clone. */
function plainData(properties: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(properties)) {
    try {
      kept[key] = structuredClone(value)
    } catch {
      kept[key] = String(value)
    }
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}
