/** A promise that its creator settles. Only the first outcome counts. */
export interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

/** Creates a promise whose rejection does not end the process, even if nothing awaits it. */
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

/** The longest delay that setTimeout accepts, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

export interface Deadline {
  readonly over: Promise<'over'>
  clear(): void
}

/** Resolves after `ms` of real time, unless it is cleared. */
export function deadline(ms: number): Deadline {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<'over'>((resolve) => {
    timer = setTimeout(() => resolve('over'), Math.min(ms, LONGEST_TIMER))
  })
  return { over, clear: () => clearTimeout(timer) }
}
