import type { EventEmitter } from 'node:events'
import { SourceError } from '../errors.js'

/**
 * Resolves when the server listens. Rejects with SourceError if it cannot; `cannot` is the first part of the message.
 */
export function listening(server: EventEmitter, cannot: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) =>
      reject(new SourceError(`${cannot}: ${cause.message}. Choose a free port.`, { cause }))
    server.once('error', failed)
    server.once('listening', () => {
      server.off('error', failed)
      resolve()
    })
  })
}
