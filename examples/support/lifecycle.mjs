// The messages of a sender process to its parent, and its end with the parent.
import { fstatSync, writeSync } from 'node:fs'

/** One JSON line on stdout; written at once, so that it is not lost when the process ends right after. */
export function announce(event) {
  writeSync(1, `${JSON.stringify(event)}\n`)
}

/**
 * Calls `end` on SIGTERM, on SIGINT and when stdin closes. Stdin counts only if it is a pipe, as from a parent
 * process: from a terminal, or with stdin from /dev/null, a sender runs on its own.
 */
export function endWithParent(end) {
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  const stdin = fstatSync(0)
  if (!stdin.isFIFO() && !stdin.isSocket()) return
  process.stdin.once('close', end)
  // A parent that was killed may reset the pipe: that is an end too, and 'close' follows.
  process.stdin.on('error', () => {})
  process.stdin.resume()
}
