/** A promise that is settled from outside, once: the first outcome counts. */
export interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

/** Nobody has to wait for it: a rejection that nobody listens to must not end the process. */
export function deferred(): Deferred {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((done, fail) => {
    resolve = done
    reject = fail
  })
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

/** What setTimeout can wait for, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

export interface Deadline {
  readonly over: Promise<'over'>
  clear(): void
}

/** Resolves after so many ms of real time, unless it is cleared. */
export function deadline(ms: number): Deadline {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<'over'>((resolve) => {
    timer = setTimeout(() => resolve('over'), Math.min(ms, LONGEST_TIMER))
  })
  return { over, clear: () => clearTimeout(timer) }
}
