/** Waits for `ms` milliseconds or until `signal` aborts, whichever comes first. Tests replace it. */
export type Delay = (ms: number, signal: AbortSignal) => Promise<unknown>

/** The Delay in real time. Never rejects: callers check the signal. */
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
 * Resolves with the value of `promise`, or with undefined as soon as `signal` aborts. Unlike Promise.race, it leaves no
 * reaction behind on a promise that lives as long as the stream.
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

/** Waits for the next turn of the event loop, so that sockets and timers can run. */
export function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined))
}
