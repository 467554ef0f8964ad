import { ArgumentError, StateError } from '../../errors.js'
import { absolutePath } from '../../files/paths.js'
import { mustBeData } from '../../values/fault.js'
import { checkRecords } from '../../values/records.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { capture } from '../functions/capture.js'
import { describe } from '../functions/plain-data.js'
import '../functions/common.js'
import { BROADCAST_ID } from '../functions/env.js'
import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Gives } from '../functions/results.js'
import { FunctionTable } from '../functions/table.js'
import type { JobRunner } from '../job-runner.js'
import { checkPartitions } from '../partitioner.js'
import { checkRange, countOfRange, elementOfRange } from './range.js'
import { face, type RDD, type Rdd } from './rdd.js'
import { FilePartsRdd, RangeRdd, ValuesRdd } from './source-rdds.js'

/** A value that every thread can read; travels once a thread. */
export interface Broadcast<T> {
  readonly [BROADCAST_ID]: number
  readonly value: T
}

export interface RddBuilderOptions {
  /** Partitions of shuffles and sources that are not told otherwise. */
  readonly parallelism: number
  /** Whether the user chose `parallelism`, or it follows from the number of threads. Default true. */
  readonly parallelismGiven?: boolean
  /** The functions of a pipeline module, recorded while its graph is built. */
  readonly table?: FunctionTable
  readonly runner?: JobRunner
}

defineBuiltin('elementOfRange', (start: number, step: number) => (i: number) => elementOfRange(start, step, i))

/** Makes datasets: the part of a context that exists in every thread, as it only builds lineage. */
export class RddBuilder {
  readonly parallelism: number
  readonly parallelismGiven: boolean
  readonly table: FunctionTable
  /** Functions that the pipeline module exports: they can be used anywhere, by reference. */
  exports: Map<AnyFunction, string> = new Map()
  /** While true, functions are recorded into the table instead of being shipped as source. */
  recording = false
  /** Told of every new RDD, so that the engine knows whose data it is. */
  onRegister: ((rdd: Rdd<unknown>) => void) | undefined
  /** Awaited when a job over a dataset has ended well, before its action resolves. */
  afterJob: ((rdd: Rdd<unknown>) => Promise<void>) | undefined
  /** Whether this is called by what a batch of a stream runs. Set by the engine. */
  inBatch: () => boolean = () => false
  readonly #broadcasts = new Map<number, unknown>()
  #runner: JobRunner | undefined
  #rdds = 0
  #shuffles = 0

  constructor(options: RddBuilderOptions) {
    this.parallelism = checkPartitions(options.parallelism)
    this.parallelismGiven = options.parallelismGiven ?? true
    this.table = options.table ?? new FunctionTable()
    this.#runner = options.runner
  }

  /** Runs actions. Throws StateError in a graph that is only being built. */
  get runner(): JobRunner {
    if (!this.#runner) {
      throw new StateError(
        'An action was called while the graph is being built. Actions run in foreachRDD, or on the context that was started.',
      )
    }
    return this.#runner
  }

  protected set runner(runner: JobRunner) {
    this.#runner = runner
  }

  /** Enters a new dataset and answers with its number. @throws StateError on a stopped context. */
  register(rdd: Rdd<unknown>): number {
    this.#mustRun('dataset')
    this.onRegister?.(rdd)
    return this.#rdds++
  }

  #mustRun(made: string): void {
    if (this.#runner?.closed)
      throw new StateError(`The context is stopped; it makes no ${made} any more. Make a new context.`)
  }

  nextShuffleId(): number {
    return this.#shuffles++
  }

  capture(fn: AnyFunction, label: string, gives?: Gives): FnRef {
    if (this.recording) return this.table.record(fn, label, gives)
    return capture(fn, label, { table: this.table, exports: this.exports }, gives)
  }

  /**
   * A dataset of values that the driver holds. `partitions` contiguous slices, by default one a thread.
   * @throws DataError with the path where a value is not data.
   */
  parallelize<T>(data: Iterable<T>, partitions: number = this.parallelism): RDD<T> {
    if (typeof (data as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== 'function') {
      throw new ArgumentError(`parallelize got ${describe(data)}; it takes an array or another iterable.`)
    }
    const values: readonly T[] = Array.isArray(data) ? data : [...data]
    checkRecords(values, 'parallelize')
    return face(new ValuesRdd<T>(this, values, checkPartitions(partitions)))
  }

  /**
   * Returns the lines of a text file, of the files in a directory, or of those that a path with `*` stands for. The path is
   * resolved now, the files are listed when an action first needs them. Workers read byte ranges, `minPartitions` of them; a
   * `.gz` file is one range. A file that changes afterwards fails the actions that read it. See docs/guarantees.md.
   *
   * @throws ArgumentError if the path is none; an action rejects with SourceError or FileChangedError.
   */
  textFile(path: string | URL, minPartitions: number = this.parallelism): RDD<string> {
    return face(new FilePartsRdd(this, absolutePath(path, 'textFile'), checkPartitions(minPartitions)))
  }

  /**
   * The numbers from `start` (0 with one argument) up to, not including, `end`. Element i is `start + i * step`, rounded
   * once, so that fractions do not drift.
   *
   * @throws ArgumentError for limits that are not finite, a step of 0, or a step that is too small to change them.
   */
  range(start: number, end?: number, step = 1, partitions: number = this.parallelism): RDD<number> {
    const from = end === undefined ? 0 : start
    const to = end === undefined ? start : end
    checkRange(from, to, step)
    if (Number.isSafeInteger(from) && Number.isSafeInteger(step) && Math.abs(to) <= Number.MAX_SAFE_INTEGER)
      return face(new RangeRdd(this, from, to, step, checkPartitions(partitions)))
    // Fractions are not cut exactly: partitions are made of whole numbers, and each element from its own number.
    const count = countOfRange(from, to, step)
    return face(new RangeRdd(this, 0, count, 1, checkPartitions(partitions))).map(builtin('elementOfRange', from, step))
  }

  /** A dataset without partitions. */
  emptyRDD<T>(): RDD<T> {
    return face(new ValuesRdd<T>(this, [], 0))
  }

  /**
   * A value for every thread, sent once a thread. In source-shipped functions pass it with `withEnv({ b }, fn)`.
   * @throws DataError with the path where a part of it is not data.
   */
  broadcast<T>(value: T): Broadcast<T> {
    this.#mustRun('broadcast variable')
    mustBeData(value, 'broadcast does not take this value')
    const id = this.#broadcasts.size
    this.#broadcasts.set(id, value)
    return Object.freeze({ [BROADCAST_ID]: id, value })
  }

  broadcastValue(id: number): unknown {
    return this.#broadcasts.get(id)
  }
}
