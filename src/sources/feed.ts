/** Whatever can be pulled from one by one. Node's Readable and the ReadableStream of the web are among them. */
export type Pullable<T> = Iterable<T> | AsyncIterable<T> | ReadableStreamLike<T>

/** The part of the web's ReadableStream that is used; structural, so that polyfills fit. */
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
  /** Gives up before the end. Unlike `return` of an async iterator it also ends a read that is under way. */
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

/** Whether a second pass would find nothing: iterators, generators and streams, but not arrays and other collections. */
export function isOneShot(value: Pullable<unknown>): boolean {
  const { next, destroy, getReader } = value as Parts<unknown>
  return [next, destroy, getReader].some((method) => typeof method === 'function')
}

/** Begins a pass; locks a ReadableStream. */
export function openFeed<T>(pullable: Pullable<T>): Feed<T> {
  const parts = pullable as Parts<T>
  if (typeof parts.getReader === 'function') {
    const reader = parts.getReader()
    return { sync: false, next: () => reader.read() as Promise<IteratorResult<T>>, close: () => reader.cancel() }
  }
  const { destroy, [Symbol.asyncIterator]: openLater } = parts
  if (typeof openLater === 'function') {
    const iterator = openLater.call(pullable)
    // An async generator queues `return` behind the read under way, which may take for ever; destroy ends that read.
    const close = () => (typeof destroy === 'function' ? destroy.call(pullable) : iterator.return?.())
    return { sync: false, next: () => iterator.next(), close }
  }
  const iterator = parts[Symbol.iterator]!()
  return { sync: true, next: () => iterator.next(), close: () => iterator.return?.() }
}
