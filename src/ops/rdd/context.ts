import { StateError } from '../../errors.js'
import type { FileSystems } from '../../files/file-systems.js'
import { BroadcastValues } from '../broadcast.js'
import type { Dataset, Dependency } from '../dataset.js'
import { capture } from '../functions/capture.js'
import type { AnyFunction, FnRef, ReturnKind } from '../functions/ref.js'
import { FunctionTable } from '../functions/table.js'
import type { JobRunner } from '../job-runner.js'
import { checkPartitions } from '../partitioner.js'
import { RunTable } from '../run-table.js'
import { RddTable } from './table.js'

export interface RddContextOptions {
  /** The default number of partitions of shuffles and sources. */
  readonly parallelism: number
  /** Whether the user chose `parallelism` (default true); otherwise it was derived from the number of threads. */
  readonly explicitParallelism?: boolean
  /** The functions of a pipeline module, which are recorded while its graph is built. */
  readonly table?: FunctionTable
  readonly runner?: JobRunner
  readonly files: FileSystems
}

/** The parts that the datasets of one context share: ids, functions, broadcast values and the job runner. */
export class RddContext {
  readonly parallelism: number
  readonly explicitParallelism: boolean
  readonly table: FunctionTable
  /** Resolves the paths that users give, and opens the file systems that they name. */
  readonly files: FileSystems
  readonly rdds = new RddTable()
  /** Functions that the pipeline module exports; every thread finds them by name. */
  exports: Map<AnyFunction, string> = new Map()
  /** While true, functions are recorded in the table instead of being shipped as source. */
  recording = false
  /** The data that changes while the context runs, except that of its datasets. */
  readonly run = new RunTable()
  /** The values of broadcast variables. */
  readonly broadcasts = new BroadcastValues()
  #runner: JobRunner | undefined
  #rdds = 0
  #shuffles = 0

  constructor(options: RddContextOptions) {
    this.parallelism = checkPartitions(options.parallelism)
    this.explicitParallelism = options.explicitParallelism ?? true
    this.table = options.table ?? new FunctionTable()
    this.files = options.files
    this.#runner = options.runner
  }

  /** Runs actions. @throws StateError in a graph that is only built. */
  get runner(): JobRunner {
    if (!this.#runner) {
      throw new StateError(
        'An action was called while the graph is being built. Actions run in foreachRDD, or on a context that is started.',
      )
    }
    return this.#runner
  }

  set runner(runner: JobRunner) {
    this.#runner = runner
  }

  /** Returns the id of a new dataset. @throws StateError on a stopped context. */
  register(rdd: Dataset, dependencies: readonly Dependency[]): number {
    this.#checkOpen('dataset')
    this.rdds.add(rdd, dependencies)
    this.#runner?.datasetCreated(rdd)
    return this.#rdds++
  }

  /** Registers that a stream has computed its dataset of a batch. */
  datasetComputed(rdd: Dataset): void {
    this.#runner?.datasetComputed(rdd)
  }

  nextShuffleId(): number {
    return this.#shuffles++
  }

  capture(fn: AnyFunction, label: string, returns?: ReturnKind): FnRef {
    if (this.recording) return this.table.record(fn, label, returns)
    return capture(fn, label, { table: this.table, exports: this.exports }, returns)
  }

  /** Registers a value and returns the number by which threads request it. @throws StateError on a stopped context. */
  addBroadcast(value: unknown): number {
    this.#checkOpen('broadcast variable')
    return this.broadcasts.add(value)
  }

  /** Frees the copies of a broadcast variable in blocks and threads. */
  releaseBroadcast(id: number): void {
    this.#runner?.releaseBroadcast(id)
  }

  #checkOpen(what: string): void {
    if (this.#runner?.closed)
      throw new StateError(`The context is stopped; it takes no new ${what}. Create a new context.`)
  }
}
