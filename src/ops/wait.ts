/** Waits for `ms` milliseconds or until `signal` is aborted, whichever comes first. Tests give their own. */
export type Delay = (ms: number, signal: AbortSignal) => Promise<unknown>

/** The Delay of real time. Resolves, never rejects: the caller looks at the signal anyway. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done)
  })
}

/**
 * The value of `promise`, or undefined as soon as `signal` is aborted. Not Promise.race: a race against a promise that
 * lives as long as the stream would keep one reaction for every wait.
 */
export function until<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stopped = () => resolve(undefined)
    const settled = () => signal.removeEventListener('abort', stopped)
    if (signal.aborted) stopped()
    else signal.addEventListener('abort', stopped, { once: true })
    promise.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error) => {
        settled()
        reject(error)
      },
    )
  })
}

/** The next turn of the event loop, so that sockets and timers get their share. */
export function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined))
}
