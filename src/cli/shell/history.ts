import { once } from 'node:events'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { REPLServer } from 'node:repl'
import { setTimeout as delay } from 'node:timers/promises'

/** Ms that the last write of the history may take: the REPL writes it soon after each line. */
const FLUSH_MS = 5000

/**
 * Keeps what is typed in `~/.millrace_history`, or in the file that MILLRACE_HISTORY names; nowhere if that is empty. Returns a
 * function that resolves once the last line is written.
 */
export function keepHistory(server: REPLServer): () => Promise<void> {
  const path = process.env.MILLRACE_HISTORY ?? join(homedir(), '.millrace_history')
  if (path === '') return () => Promise.resolve()
  server.setupHistory(path, (error) => {
    if (error) server.output.write(`The history cannot be kept in ${path}: ${error.message}\n`)
  })
  let isWritten = true
  server.on('line', () => (isWritten = false))
  server.on('flushHistory', () => (isWritten = true))
  return async () => {
    if (!isWritten) await Promise.race([once(server, 'flushHistory'), delay(FLUSH_MS)])
  }
}
