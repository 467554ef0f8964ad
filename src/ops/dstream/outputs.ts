import { inspect } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { exactJson } from '../functions/ref-key.js'
import { checkNames } from '../option-names.js'
import { collectParts, joined, take } from '../rdd/actions.js'
import { facade, type RDD } from '../rdd/facade.js'
import type { Rdd } from '../rdd/rdd.js'
import { checkLevel, type StorageLevel } from '../rdd/storage-level.js'
import { type Duration, toMillis } from '../time.js'
import { dstreams, streamNode } from './facade.js'
import type { OutputCall } from './graph.js'

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Calls `fn` with the dataset of each batch, in the driver, and waits for its promise. Output operation: a stream
     * that no output reads is never computed. Functions passed to datasets inside `fn` are shipped as source: see
     * transform.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).foreachRDD(async (rdd, time) => console.log(time, await rdd.count()))
     * ```
     *
     * With checkpoints, a call that returned (or whose promise resolved) is not repeated by a later process. A call
     * that was interrupted is: `call.replayed` is true then, and `call.outputId` with `time` names the result, for
     * stores that write it once only.
     *
     * @throws ArgumentError for anything but a function, or an unknown option; StateError after start().
     */
    foreachRDD(fn: (rdd: RDD<T>, time: number, call: OutputCall) => unknown, options?: ForeachRDDOptions): void
    /**
     * Prints the time and the first `n` (10) elements of each batch. Output operation; computes only the partitions it
     * needs.
     *
     * ```ts
     * ssc.queueStream([['a', 'b']]).print(1)
     * ```
     *
     * @throws ArgumentError unless `n` is a whole number of at least 0; StateError after start().
     */
    print(n?: number): void
    /**
     * Delivers each batch to the host, which reads `for await (const { time, records } of ssc.output(name))`. Output
     * operation; sends all records to the driver. When 256 batches are unread, later batches wait.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).output('numbers') // [1, 2]
     * ```
     *
     * @throws ArgumentError if the name is empty or in use; StateError after start().
     */
    output(name: string): void
    /**
     * Persists the datasets of the stream while they are remembered, and returns the same stream. Runs no job. Takes
     * the levels of datasets. A window persists the datasets that it reads instead of its own.
     *
     * ```ts
     * const words = ssc.queueStream([['a', 'b']]).persist('memory-and-disk')
     * words.count().output('counts') // [2]
     * words.countByValue().count().output('distinct') // [2]
     * ```
     *
     * @throws ArgumentError for another level; StateError after start().
     */
    persist(level?: StorageLevel): this
    /**
     * Persists the datasets of the stream in memory: `persist('memory')`. Runs no job.
     *
     * ```ts
     * ssc.queueStream([[1]]).cache().output('numbers') // [1]
     * ```
     */
    cache(): this
    /**
     * Sets how often the state of this stream is checkpointed, and how often mapWithState searches for idle keys.
     * Returns the same stream. Runs no job. The interval must be a multiple of the slide; start() checks it. The stream
     * remembers its datasets, and those they are computed from, for twice the interval.
     *
     * ```ts
     * const clicks = ssc.queueStream<[string, number]>([[['a', 1]]])
     * clicks.updateStateByKey<number>((values, n = 0) => n + values.length).checkpoint('10s').output('counts') // [['a', 1]]
     * ```
     *
     * @throws ArgumentError unless `interval` is a duration; StateError after start().
     */
    checkpoint(interval: Duration): this
  }
}

/** Options of foreachRDD. */
export interface ForeachRDDOptions {
  /**
   * Whether the results of the function end with the process, as those in variables do (false). A process that goes on
   * from a checkpoint then calls it again for completed batches.
   */
  readonly inMemory?: boolean
}

/**
 * Formats texts unchanged, JSON values as JSON, and others (a BigInt, a Map, undefined, NaN) as Node's console does.
 */
function shown(record: unknown): string {
  if (typeof record === 'string') return record
  return exactJson(record) ?? inspect(record, { depth: 4, breakLength: Number.POSITIVE_INFINITY })
}

dstreams.foreachRDD = function <T>(
  fn: (rdd: RDD<T>, time: number, call: OutputCall) => unknown,
  options: ForeachRDDOptions = {},
): void {
  if (typeof fn !== 'function')
    throw new ArgumentError(`foreachRDD got ${typeof fn}; it takes a function (rdd, time) => ...`)
  checkNames(options, ['inMemory'], 'foreachRDD')
  const { inMemory = false } = options
  if (typeof inMemory !== 'boolean')
    throw new ArgumentError(`foreachRDD: inMemory is ${describe(inMemory)}; it must be true or false.`, { inMemory })
  const stream = streamNode(this)
  const run = (rdd: Rdd<unknown>, call: OutputCall) => fn(facade(rdd as Rdd<T>), call.time, call)
  stream.graph.addOutput(stream, 'foreachRDD', run, { inMemory, isOwn: true })
}
dstreams.print = function (n = 10) {
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError(`print(${describe(n)}): n must be a whole number of elements of at least 0.`, { given: n })
  const stream = streamNode(this)
  const { graph } = stream
  const run = async (rdd: Rdd<unknown>, { time }: OutputCall) => {
    const first = await take(rdd, n + 1)
    const lines = first.slice(0, n).map(shown)
    if (first.length > n) lines.push('...')
    await graph.runtime.print(time, lines)
  }
  graph.addOutput(stream, 'print', run, { isOwn: true })
}
dstreams.output = function (name) {
  const stream = streamNode(this)
  const { graph } = stream
  graph.nameOutput(name)
  const run = async (rdd: Rdd<unknown>, { time }: OutputCall) =>
    graph.runtime.deliver(name, time, joined(await collectParts(rdd)))
  graph.addOutput(stream, `output(${name})`, run, { inMemory: true })
}
dstreams.persist = function (level = 'memory') {
  const stream = streamNode(this)
  stream.graph.mustBeOpen(`persist('${level}')`)
  stream.keep(checkLevel(level, 'persist'))
  return this
}
dstreams.cache = function () {
  return this.persist()
}
dstreams.checkpoint = function (interval) {
  const stream = streamNode(this)
  stream.graph.mustBeOpen(`checkpoint(${describe(interval)})`)
  stream.checkpointInterval = toMillis(interval, 'The checkpoint interval')
  return this
}
