import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/**
 * Receives the engine's messages for operators, with details as an object: console, pino, bunyan, winston or an object
 * of your own.
 */
export interface Logger {
  debug(message: string, details?: unknown): void
  info(message: string, details?: unknown): void
  warn(message: string, details?: unknown): void
  error(message: string, details?: unknown): void
}

/** Writes warnings and errors to stderr, and drops the rest. */
export const stderrLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message, details) => console.warn(`millrace: ${message}`, ...shown(message, details)),
  error: (message, details) => console.error(`millrace: ${message}`, ...shown(message, details)),
}

/** Codes of errors of the system, such as ECONNREFUSED, and of Millrace. */
const OPERATIONAL = /^(?:E[A-Z0-9]+|ERR_MILLRACE_[A-Z_]+)$/

/** The details, unless the message contains them: the stack of a refused connection says nothing more. */
function shown(message: string, details: unknown): readonly unknown[] {
  return details === undefined || isOperational(message, details) ? [] : [details]
}

function isOperational(message: string, error: unknown): boolean {
  if (!(error instanceof Error) || !message.includes(error.message)) return false
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  return typeof code === 'string' && OPERATIONAL.test(code) && (cause === undefined || isOperational(message, cause))
}

/** Structured loggers create child loggers and expose their bindings, as pino and bunyan do. */
interface Structured extends Logger {
  child?: unknown
  bindings?: unknown
  fields?: unknown
}

/**
 * Returns a logger that takes `(message, details)`. Wraps loggers that take `(details, message)`, such as pino's.
 * @throws ArgumentError if the logger lacks a method.
 */
export function messageFirst(logger: Logger): Logger {
  const given = Object(logger) as Logger
  const missing = LEVELS.find((level) => typeof given[level] !== 'function')
  if (missing) {
    throw new ArgumentError(
      `logger is ${describe(logger)} and has no method ${missing}; it needs ${LEVELS.join(', ')}, as console has.`,
      { option: 'logger', missing },
    )
  }
  const { child, bindings, fields } = logger as Structured
  const structured = typeof child === 'function' && (typeof bindings === 'function' || typeof fields === 'object')
  if (!structured) return logger
  const call = (level: keyof Logger) => (message: string, details?: unknown) => {
    if (details === undefined) logger[level](message)
    else logger[level](asFields(details) as never, message)
  }
  return Object.fromEntries(LEVELS.map((level) => [level, call(level)])) as unknown as Logger
}

/**
 * Passes errors unchanged, for the logger's serializer. Wraps other details, because their fields could hide the
 * logger's own.
 */
function asFields(details: unknown): object {
  return details instanceof Error ? details : { details }
}
