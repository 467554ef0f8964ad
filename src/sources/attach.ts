import { ArgumentError } from '../errors.js'
import { graphOf, StreamBuilder } from '../ops/dstream/builder.js'
import type { DStream } from '../ops/dstream/facade.js'
import { describe } from '../values/describe.js'
import type { Pullable } from './feed.js'
import { type HttpTextOptions, httpTextSource } from './http-text.js'
import { type IterableOptions, iterableSource } from './iterable.js'
import { PushHandle, type PushOptions } from './push.js'
import { type QueueOptions, queueSource } from './queue.js'
import { type SocketTextOptions, socketTextSource } from './socket-text.js'
import { type TextFileOptions, textFileSource } from './text-files.js'

/** A stream that the host feeds. If `push` returns a promise, the caller should await it. */
export type PushStream<T> = DStream<T> & Pick<PushHandle<T>, 'push' | 'pushAll' | 'end'>

declare module '../ops/dstream/builder.js' {
  interface StreamBuilder {
    /**
     * Receives lines from a TCP server. Runs no job; bytes are read directly into shared memory, and a lost connection
     * is reopened.
     *
     * ```ts
     * ssc.socketTextStream('127.0.0.1', 9999).countByValue().print()
     * ```
     *
     * @throws ArgumentError for a port or an option that is out of range.
     */
    socketTextStream(host: string, port: number, options?: SocketTextOptions): DStream<string>
    /**
     * Receives the lines of an HTTP response that does not end. Runs no job; skips empty keep-alive lines, and reopens
     * a lost connection.
     *
     * ```ts
     * ssc.httpTextStream('http://127.0.0.1:8080/events').count().print()
     * ```
     *
     * @throws ArgumentError for a URL or an option that is not allowed.
     */
    httpTextStream(url: string | URL, options?: HttpTextOptions): DStream<string>
    /**
     * Reads the lines of files that appear in a directory, each file in the batch of the interval in which it appeared.
     * Runs no job; workers read the files.
     *
     * ```ts
     * ssc.textFileStream('in').flatMap((line) => line.split(' ')).countByValue().print()
     * ```
     *
     * @throws ArgumentError for a path or an option that is not allowed.
     */
    textFileStream(directory: string | URL, options?: TextFileOptions): DStream<string>
    /**
     * Reads batches from a queue that the driver holds, for tests and small jobs. Runs no job. An empty queue returns
     * empty batches.
     *
     * ```ts
     * ssc.queueStream([['a'], ['b', 'c']]).output('batches') // ['a']; ['b', 'c']; []
     * ```
     */
    queueStream<T>(batches: (readonly T[] | undefined | null)[], options?: QueueOptions<T>): DStream<T>
    /**
     * Reads the values of an iterable, a Node stream or a web stream, no faster than batches process them. Runs no job.
     *
     * ```ts
     * ssc.fromIterable(['a', 'b']).countByValue().print()
     * ```
     *
     * @throws ArgumentError unless `iterable` is one of these.
     */
    fromIterable<T>(iterable: Pullable<T>, options?: IterableOptions<T>): DStream<T>
    /**
     * Creates a stream to which the host pushes. Runs no job. `name` identifies the stream in errors and events, and in
     * `ssc.pushHandle(name)`, by which a host pushes to a stream of a pipeline module.
     *
     * ```ts
     * const clicks = ssc.pushStream<string>('clicks')
     * clicks.push('a', 'b')
     * clicks.countByValue().print()
     * ```
     *
     * @throws ArgumentError unless `name` is a text that no other pushStream has, or for an option that is out of
     * range.
     */
    pushStream<T>(name: string, options?: PushOptions): PushStream<T>
    /**
     * Returns the handle of a named pushStream, to push where the stream itself is not at hand. Runs no job.
     *
     * ```ts
     * ssc.pushStream<number>('numbers').output('numbers') // [1]
     * ssc.pushHandle<number>('numbers').push(1)
     * ```
     *
     * @throws ArgumentError if there is no pushStream of this name.
     */
    pushHandle<T = unknown>(name: string): PushHandle<T>
  }
}

const handles = new WeakMap<StreamBuilder, Map<string, PushHandle<never>>>()

/** Returns the names of the pushStreams of a graph. */
export function pushStreamNames(builder: StreamBuilder): string[] {
  return [...(handles.get(builder)?.keys() ?? [])]
}

StreamBuilder.prototype.socketTextStream = function (host, port, options) {
  return this.input<string>(socketTextSource(host, port, options))
}
StreamBuilder.prototype.httpTextStream = function (url, options) {
  return this.input<string>(httpTextSource(url, options))
}
StreamBuilder.prototype.textFileStream = function (directory, options = {}) {
  const { context, runtime } = graphOf(this)
  const services = { files: context.files, now: () => runtime.now() }
  return this.input<string>(textFileSource(directory, options, services))
}
StreamBuilder.prototype.queueStream = function (batches, options) {
  return this.input(queueSource(batches, options))
}
StreamBuilder.prototype.fromIterable = function <T>(iterable: Pullable<T>, options?: IterableOptions<T>): DStream<T> {
  return this.input<T>(iterableSource(iterable, options))
}
StreamBuilder.prototype.pushStream = function <T>(
  this: StreamBuilder,
  name: string,
  options?: PushOptions,
): PushStream<T> {
  if (typeof name !== 'string' || name === '')
    throw new ArgumentError(
      `pushStream got ${describe(name)}; its first argument is the name of the stream, a text that is not empty.`,
    )
  const named = handles.get(this) ?? new Map()
  if (named.has(name)) {
    throw new ArgumentError(
      `pushStream(${describe(name)}): this context already has a pushStream of that name. Names so far: ${[...named.keys()].join(', ')}.`,
      { name },
    )
  }
  const handle = new PushHandle<T>(name, options, () => graphOf(this).frozen === 'stopped')
  handles.set(this, named.set(name, handle))
  return Object.assign(this.input<T>(handle.source), {
    push: handle.push.bind(handle),
    pushAll: handle.pushAll.bind(handle),
    end: () => handle.end(),
  })
}
StreamBuilder.prototype.pushHandle = function <T>(name: string): PushHandle<T> {
  const handle = handles.get(this)?.get(name)
  if (!handle) {
    const names = [...(handles.get(this)?.keys() ?? [])]
    throw new ArgumentError(`There is no pushStream named ${describe(name)}. Names: ${names.join(', ') || 'none'}.`, {
      name,
    })
  }
  return handle as unknown as PushHandle<T>
}
