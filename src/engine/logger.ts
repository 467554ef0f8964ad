const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Where the engine writes what an operator should see: console, pino, bunyan, winston or an object of your own. */
export interface Logger {
  debug(message: string, details?: unknown): void
  info(message: string, details?: unknown): void
  warn(message: string, details?: unknown): void
  error(message: string, details?: unknown): void
}

/** Warnings and errors to stderr, the rest nowhere. */
export const stderrLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message, details) => console.warn(`millrace: ${message}`, ...(details === undefined ? [] : [details])),
  error: (message, details) => console.error(`millrace: ${message}`, ...(details === undefined ? [] : [details])),
}

/** Structured loggers make child loggers, and show what they bind: pino and those like it, and bunyan. */
interface Structured extends Logger {
  child?: unknown
  bindings?: unknown
  fields?: unknown
}

/** A logger that takes `(message, details)`. One that takes `(details, message)`, such as pino's, is wrapped. */
export function messageFirst(logger: Logger): Logger {
  const { child, bindings, fields } = logger as Structured
  const structured = typeof child === 'function' && (typeof bindings === 'function' || typeof fields === 'object')
  if (!structured) return logger
  const call = (level: keyof Logger) => (message: string, details?: unknown) => {
    if (details === undefined) logger[level](message)
    else logger[level](asFields(details) as never, message)
  }
  return Object.fromEntries(LEVELS.map((level) => [level, call(level)])) as unknown as Logger
}

/** Errors go as they are, for the logger's own serializer; the fields of other details must not hide the logger's own. */
function asFields(details: unknown): object {
  return details instanceof Error ? details : { details }
}
