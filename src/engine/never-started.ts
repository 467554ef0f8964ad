import { StateError } from '../errors.js'

/** Who waits for a context that is not started. One listener of the process serves all. */
const waiting = new Set<() => void>()
const onEmpty = () => {
  for (const check of waiting) check()
}

/**
 * Waits for the end of a context that may not be started yet. Rejects when the process has nothing left to do, so that nothing
 * can start it: Node would end with code 13, or 0, without a word.
 * @throws StateError
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
