import type { Logger } from './logger.js'

/**
 * Returns a logger that never throws: a program's log must not end its batches or its process. If the user's logger
 * throws or rejects, the message goes to stderr, with the error.
 */
export function safeLogger(logger: Logger): Logger {
  const guarded =
    (level: keyof Logger): Logger[typeof level] =>
    (message, details) => {
      const failed = (error: unknown) => report(level, message, error)
      try {
        const returned: unknown = details === undefined ? logger[level](message) : logger[level](message, details)
        if (returned instanceof Promise) returned.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') }
}

function report(level: string, message: string, error: unknown): void {
  try {
    console.error(`millrace: logger.${level} failed for the message: ${message}`, error)
  } catch {
    // Stderr fails too, so the message is lost.
  }
}
