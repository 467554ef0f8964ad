import { ArgumentError } from '../errors.js'
import { StreamBuilder } from '../ops/dstream/builder.js'
import type { DStream } from '../ops/dstream/dstream.js'
import type { Pullable } from './feed.js'
import { type HttpTextOptions, httpTextSource } from './http-text.js'
import { type IterableOptions, iterableSource } from './iterable.js'
import { PushHandle, type PushOptions } from './push.js'
import { type QueueOptions, queueSource } from './queue.js'
import { type SocketTextOptions, socketTextSource } from './socket-text.js'
import { type TextFileOptions, textFileSource } from './text-files.js'

/** A stream that the host feeds: `push` answers with a promise where it should wait. */
export type PushStream<T> = DStream<T> & Pick<PushHandle<T>, 'push' | 'pushAll' | 'end'>

declare module '../ops/dstream/builder.js' {
  interface StreamBuilder {
    /** Lines from a TCP server. Bytes go straight into shared memory; lost connections are taken up again. */
    socketTextStream(host: string, port: number, options?: SocketTextOptions): DStream<string>
    /** Lines of an endless HTTP answer; empty keep-alive lines are skipped, lost connections taken up again. */
    httpTextStream(url: string | URL, options?: HttpTextOptions): DStream<string>
    /** Lines of files that appear in a directory, each file in the batch in whose interval it appeared. Workers read them. */
    textFileStream(directory: string | URL, options?: TextFileOptions): DStream<string>
    /** Batches from a queue that the driver holds: for tests and small jobs. An empty queue gives empty batches. */
    queueStream<T>(batches: (readonly T[] | undefined | null)[], options?: QueueOptions<T>): DStream<T>
    /** What an iterable, a Node stream or a web stream yields; pulled no faster than it is processed. */
    fromIterable<T>(iterable: Pullable<T>, options?: IterableOptions): DStream<T>
    /** A stream that the host pushes to; in a pipeline module give it a name and push through `ssc.pushHandle(name)`. */
    pushStream<T>(name?: string, options?: PushOptions): PushStream<T>
    /** The handle of a named pushStream. */
    pushHandle<T = unknown>(name: string): PushHandle<T>
  }
}

const handles = new WeakMap<StreamBuilder, Map<string, PushHandle<never>>>()

/** The names of the pushStreams of a graph. */
export function pushStreamNames(builder: StreamBuilder): string[] {
  return [...(handles.get(builder)?.keys() ?? [])]
}

StreamBuilder.prototype.socketTextStream = function (host, port, options) {
  return this.input<string>(socketTextSource(host, port, options))
}
StreamBuilder.prototype.httpTextStream = function (url, options) {
  return this.input<string>(httpTextSource(url, options))
}
StreamBuilder.prototype.textFileStream = function (directory, options) {
  return this.input<string>(textFileSource(directory, { now: () => this.now(), ...options }))
}
StreamBuilder.prototype.queueStream = function (batches, options) {
  return this.input(queueSource(batches, options))
}
StreamBuilder.prototype.fromIterable = function <T>(iterable: Pullable<T>, options?: IterableOptions): DStream<T> {
  return this.input<T>(iterableSource(iterable, options))
}
StreamBuilder.prototype.pushStream = function <T>(
  this: StreamBuilder,
  name = `push-${this.size}`,
  options?: PushOptions,
): PushStream<T> {
  const named = handles.get(this) ?? new Map()
  if (named.has(name)) {
    throw new ArgumentError(
      `pushStream(${JSON.stringify(name)}): this context has a pushStream of that name already, and pushHandle finds a stream by its name. Names so far: ${[...named.keys()].join(', ')}.`,
      { name },
    )
  }
  const handle = new PushHandle<T>(name, options, () => this.frozen === 'stopped')
  handles.set(this, named.set(name, handle))
  this.heldBack.push(() => handle.pending)
  return Object.assign(this.input<T>(handle.source), {
    push: (...values: T[]) => handle.push(...values),
    pushAll: (values: readonly T[]) => handle.pushAll(values),
    end: () => handle.end(),
  })
}
StreamBuilder.prototype.pushHandle = function <T>(name: string): PushHandle<T> {
  const handle = handles.get(this)?.get(name)
  if (!handle) {
    const names = [...(handles.get(this)?.keys() ?? [])]
    throw new ArgumentError(
      `There is no pushStream named ${JSON.stringify(name)}. Names: ${names.join(', ') || 'none'}.`,
      { name },
    )
  }
  return handle as unknown as PushHandle<T>
}
