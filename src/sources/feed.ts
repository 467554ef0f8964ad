/** Anything whose values can be read one by one, including Node's Readable and the web's ReadableStream. */
export type Pullable<T> = Iterable<T> | AsyncIterable<T> | ReadableStreamLike<T>

/** The methods of the web's ReadableStream that are used; structural, so that polyfills match. */
export interface ReadableStreamLike<T> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: T }>
    cancel(reason?: unknown): Promise<void>
  }
}

/** One pass over a Pullable. */
export interface Feed<T> {
  readonly sync: boolean
  next(): IteratorResult<T> | Promise<IteratorResult<T>>
  /** Stops before the end. Unlike `return` of an async iterator, it also ends a pending read. */
  close(): unknown
}

type Parts<T> = Partial<Iterable<T> & AsyncIterable<T> & ReadableStreamLike<T>> & {
  readonly next?: unknown
  readonly destroy?: unknown
}

export function isPullable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { getReader, [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = value as Parts<unknown>
  return [getReader, later, now].some((method) => typeof method === 'function')
}

/**
 * Returns whether a second pass would find nothing: true for iterators, generators and streams, false for arrays and
 * other collections.
 */
export function isOneShot(value: Pullable<unknown>): boolean {
  const { next, destroy, getReader } = value as Parts<unknown>
  return [next, destroy, getReader].some((method) => typeof method === 'function')
}

/** Starts a pass. Locks a ReadableStream. */
export function openFeed<T>(pullable: Pullable<T>): Feed<T> {
  const parts = pullable as Parts<T>
  if (typeof parts.getReader === 'function') {
    const reader = parts.getReader()
    return { sync: false, next: () => reader.read() as Promise<IteratorResult<T>>, close: () => reader.cancel() }
  }
  const { destroy, [Symbol.asyncIterator]: openLater } = parts
  if (typeof openLater === 'function') {
    const iterator = openLater.call(pullable)
    // An async generator queues `return` behind the pending read, which may take forever; destroy ends that read.
    const close = () => (typeof destroy === 'function' ? destroy.call(pullable) : iterator.return?.())
    return { sync: false, next: () => iterator.next(), close }
  }
  const iterator = parts[Symbol.iterator]!()
  return { sync: true, next: () => iterator.next(), close: () => iterator.return?.() }
}
