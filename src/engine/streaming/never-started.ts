import { StateError } from '../../errors.js'

/** The checks of all waits for contexts that are not started. One listener of the process runs them all. */
const waiting = new Set<() => void>()
const onEmpty = () => {
  for (const check of waiting) check()
}

/**
 * Waits for the end of a context that may not be started yet. Rejects if the process has nothing left to do that could
 * start it; otherwise Node would exit with code 13, or 0, and print nothing.
 * @throws StateError if the context can no longer be started.
 */
export async function unlessNeverStarted<T>(end: Promise<T>, isStarted: () => boolean, what: string): Promise<T> {
  if (isStarted()) return end
  let check!: () => void
  const forgotten = new Promise<never>((_, reject) => {
    check = () => {
      if (!isStarted())
        reject(new StateError(`${what} waits for a context that was never started. Call await ssc.start() before it.`))
    }
  })
  if (waiting.size === 0) process.on('beforeExit', onEmpty)
  waiting.add(check)
  try {
    return await Promise.race([end, forgotten])
  } finally {
    waiting.delete(check)
    if (waiting.size === 0) process.off('beforeExit', onEmpty)
  }
}
