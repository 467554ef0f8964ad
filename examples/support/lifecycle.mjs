// How a sender process speaks to its parent, and ends with it.
import { fstatSync, writeSync } from 'node:fs'

/** One JSON line on stdout; written at once, so that it is not lost when the process ends right after. */
export function announce(event) {
  writeSync(1, `${JSON.stringify(event)}\n`)
}

/**
 * Calls `end` on SIGTERM, on SIGINT and when stdin closes. Stdin counts only when it is a pipe, which is what a parent
 * process gives: from a terminal, or with stdin from /dev/null, a sender lives on its own.
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
