import { inspect } from 'node:util'
import { ArgumentError } from '../../errors.js'
import { exactJson } from '../functions/ref-key.js'
import { face, type RDD, type Rdd } from '../rdd/rdd.js'
import { checkLevel, type StorageLevel } from '../rdd/storage-level.js'
import { type Duration, toMillis } from '../time.js'
import { type DStream, Stream, streamFace } from './dstream.js'

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * Calls `fn` with the RDD of each batch, in the driver, and waits for it. An output operation: without one a stream
     * is not computed. RDD functions inside travel as source (see transform).
     */
    foreachRDD(fn: (rdd: RDD<T>, time: number) => unknown): void
    /** Prints the time and the first `n` elements of each batch. An output operation. */
    print(n?: number): void
    /**
     * Gives the records of each batch to the host: `for await (const { time, records } of ssc.output(name))`. An output
     * operation; batches wait when the host is far behind.
     */
    output(name: string): void
    /**
     * Keeps the RDDs of the stream while they are remembered: see `persist` of datasets for the levels. A window keeps
     * its parent's RDDs, not its own. Throws ArgumentError for another level, StateError after start().
     */
    persist(level?: StorageLevel): DStream<T>
    /** persist('memory'). */
    cache(): DStream<T>
    /**
     * For streams with kept state: how often it is checkpointed, and so how often mapWithState looks for idle keys. A
     * multiple of the slide, which start() checks. The stream keeps its RDDs for twice as long, and what they are made of.
     * Throws StateError after start().
     */
    checkpoint(interval: Duration): DStream<T>
  }
}

Stream.prototype.foreachRDD = function <T>(this: Stream<T>, fn: (rdd: RDD<T>, time: number) => unknown): void {
  if (typeof fn !== 'function')
    throw new ArgumentError(`foreachRDD got ${typeof fn}; it takes a function (rdd, time) => ...`)
  this.builder.addOutput(this, 'foreachRDD', (rdd, time) => fn(face(rdd as Rdd<T>), time))
}
Stream.prototype.print = function (n = 10) {
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError(`print(${String(n)}): give a whole number of elements of at least 0.`, { given: n })
  this.builder.addOutput(this, 'print', async (rdd, time) => {
    const first = await rdd.take(n + 1)
    const lines = first.slice(0, n).map(shown)
    if (first.length > n) lines.push('...')
    await this.builder.printer(time, lines)
  })
}

/** Texts as they are, what JSON can tell as JSON, the rest (a BigInt, a Map, undefined, NaN) as Node shows it. */
function shown(record: unknown): string {
  if (typeof record === 'string') return record
  return exactJson(record) ?? inspect(record, { depth: 4, breakLength: Number.POSITIVE_INFINITY })
}

Stream.prototype.output = function (name) {
  this.builder.nameOutput(name)
  this.builder.addOutput(this, `output(${name})`, async (rdd, time) =>
    this.builder.deliver(name, time, await rdd.collect()),
  )
}
Stream.prototype.persist = function <T>(this: Stream<T>, level: StorageLevel = 'memory'): DStream<T> {
  this.builder.mustBeOpen(`persist('${level}')`)
  this.keep(checkLevel(level, 'persist'))
  return streamFace(this)
}
Stream.prototype.cache = function () {
  return this.persist()
}
Stream.prototype.checkpoint = function (interval) {
  this.builder.mustBeOpen(`checkpoint(${JSON.stringify(interval)})`)
  this.checkpointInterval = toMillis(interval, 'The checkpoint interval')
  return streamFace(this)
}
