import { ArgumentError } from '../../errors.js'
import { mustBeData } from '../../values/fault.js'
import { checkRecords } from '../../values/records.js'
import { type Broadcast, broadcastVariable } from '../broadcast.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import '../functions/common.js'
import { describe } from '../../values/describe.js'
import { checkPartitions } from '../partitioner.js'
import type { DirectSource } from '../source.js'
import type { RddContext } from './context.js'
import { step as stepOf } from './elementwise.js'
import { facade, type RDD } from './facade.js'
import { plannedPartitions } from './planned-partitions.js'
import { checkRange, countOfRange, elementOfRange } from './range.js'
import { rejectingBy } from './record-options.js'
import { FilePartsRdd, RangeRdd, ReadPartitionsRdd, ValuesRdd } from './source-rdds.js'

defineBuiltin('elementOfRange', (start: number, step: number) => (i: number) => elementOfRange(start, step, i))

let readContext: (builder: RddBuilder) => RddContext

/** Creates datasets. This part of a context exists in every thread, because it only builds lineage. */
export class RddBuilder {
  readonly #context: RddContext

  constructor(context: RddContext) {
    this.#context = context
  }

  static {
    readContext = (builder) => builder.#context
  }

  /**
   * Returns the default number of partitions of shuffles and sources. Runs no job.
   *
   * ```ts
   * const own = new Context({ threads: 2, parallelism: 8 })
   * await Promise.resolve(own.parallelism) // 8
   * await own.stop()
   * ```
   */
  get parallelism(): number {
    return this.#context.parallelism
  }

  /**
   * Creates a dataset of values that the driver holds, in `partitions` contiguous slices (default: `parallelism`). Runs
   * no job; the first action sends the values to the threads.
   *
   * ```ts
   * await ctx.parallelize(['a', 'b', 'c'], 2).glom().collect() // [['a'], ['b', 'c']]
   * ```
   *
   * @throws ArgumentError unless `data` is iterable; DataError with the path of a value that is not data.
   */
  parallelize<T>(data: Iterable<T>, partitions: number = this.parallelism): RDD<T> {
    if (typeof (data as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== 'function') {
      throw new ArgumentError(`parallelize got ${describe(data)}; it takes an array or another iterable.`)
    }
    const values: readonly T[] = Array.isArray(data) ? data : [...data]
    checkRecords(values, 'parallelize')
    return facade(new ValuesRdd<T>(this.#context, values, checkPartitions(partitions)))
  }

  /**
   * Creates a dataset of the lines of a text file, of all files in a directory, or of the files that match a path with
   * `*`. The path is local, or a URL of a file system that the context knows. Runs no job: the path is resolved now,
   * and the first action that needs the files lists them. Workers read byte ranges, `minPartitions` of them; a
   * `.gz` or `.zst` file is one range. If a file changes after it was listed, actions that read it fail.
   *
   * ```ts
   * const lines = ctx.textFile('package.json', 1)
   * await lines.first() // '{'
   * ```
   *
   * @throws ArgumentError unless `path` is a path. Actions reject with SourceError or FileChangedError.
   */
  textFile(path: string | URL, minPartitions: number = this.parallelism): RDD<string> {
    const absolute = this.#context.files.resolve(path, 'textFile')
    return facade(
      new FilePartsRdd<string>(
        this.#context,
        { path: absolute, isSave: false, label: 'textFile' },
        checkPartitions(minPartitions),
      ),
    )
  }

  /**
   * Creates a dataset of everything that a streaming source holds now, from its start to its end. So one source can
   * read a topic or a table once, or as a stream. Runs no job: the driver plans the partitions, and workers read them
   * when an action needs them.
   *
   * ```ts
   * const squares = `export const squares = { async *read({ from, to }) {
   *   for (let n = from; n < to; n++) yield [n * n]
   * } }`
   * const source = {
   *   kind: 'direct' as const,
   *   name: 'squares',
   *   reader: { module: `data:text/javascript,${encodeURIComponent(squares)}`, export: 'squares' },
   *   create: () => ({
   *     open: async () => {},
   *     next: async () => ({ partitions: [{ from: 0, to: 3 }, { from: 3, to: 5 }] }),
   *     close: async () => {},
   *   }),
   * }
   * const rdd = await ctx.input<number>(source)
   * await rdd.collect() // [0, 1, 4, 9, 16]
   * ```
   *
   * @throws ArgumentError (rejects) unless `source` is a direct source with a reader; SourceError if it cannot be read.
   */
  async input<T>(source: DirectSource<object, T>): Promise<RDD<T>> {
    const { name, reader, partitions } = await plannedPartitions(source)
    return facade(new ReadPartitionsRdd<T>(this.#context, name, reader, partitions, rejectingBy(reader.onRecordError)))
  }

  /**
   * Creates a dataset of the numbers from `start` (0 with one argument) up to, but not including, `end`. Runs no job.
   * Element i is `start + i * step`, rounded once, so fractions do not accumulate errors. The order of arguments is
   * Spark's.
   *
   * ```ts
   * await ctx.range(0, 10, 5).collect() // [0, 5]
   * ```
   *
   * @throws ArgumentError if a limit is not finite, the step is 0, or the step is too small to change the limits.
   */
  range(start: number, end?: number, step = 1, partitions: number = this.parallelism): RDD<number> {
    const from = end === undefined ? 0 : start
    const to = end === undefined ? start : end
    checkRange(from, to, step)
    checkPartitions(partitions)
    if (Number.isSafeInteger(from) && Number.isSafeInteger(step) && Math.abs(to) <= Number.MAX_SAFE_INTEGER)
      return facade(new RangeRdd(this.#context, from, to, step, partitions))
    // Fractional ranges cannot be split exactly. So partitions hold whole numbers, and each element is computed from
    // its number.
    const indexes = new RangeRdd(this.#context, 0, countOfRange(from, to, step), 1, partitions)
    return facade(stepOf<number>(indexes, 'map', builtin('elementOfRange', from, step)))
  }

  /**
   * Creates a dataset without partitions. Runs no job.
   *
   * ```ts
   * await ctx.emptyRDD<number>().count() // 0
   * ```
   */
  emptyRDD<T>(): RDD<T> {
    return facade(new ValuesRdd<T>(this.#context, [], 0))
  }

  /**
   * Registers a value that every thread can read. It is sent once to each thread and stays in memory until
   * `unpersist()`, `destroy()` or the stop of the context. Runs no job. Functions that are shipped as source receive it
   * through `withEnv({ b }, fn)`.
   *
   * ```ts
   * const prices = ctx.broadcast(new Map([['tea', 3]]))
   * await ctx.parallelize(['tea']).map(withEnv({ prices }, (name) => prices.value.get(name))).collect() // [3]
   * ```
   *
   * @throws DataError with the path of a part that is not data.
   */
  broadcast<T>(value: T): Broadcast<T> {
    mustBeData(value, 'broadcast cannot send this value to the threads')
    return broadcastVariable(this.#context, this.#context.addBroadcast(value))
  }
}

/** Returns the parts that the datasets of a builder share. */
export function contextOf(builder: RddBuilder): RddContext {
  return readContext(builder)
}
