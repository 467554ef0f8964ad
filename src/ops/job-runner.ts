import type { Dataset } from './dataset.js'
import type { Sink } from './plan.js'

/** The jobs of one action that reads a dataset several times, or one part at a time. */
export interface JobSeries extends Pick<JobRunner, 'run'> {
  /** Whether all its jobs have read the same version of the data, that is, no lost data was recomputed differently. */
  readonly isConsistent: boolean
  /**
   * Discards the jobs so far, so that the action can start over. Throws IndeterminateError if that has happened too
   * often.
   */
  restart(): void
  /** Returns the error for an action that cannot start over because it has already returned results. */
  inconsistent(): Error
}

/** The engine as actions use it. A graph without a started engine has none. */
export interface JobRunner {
  /** Whether the engine has stopped and runs no more jobs. */
  readonly closed: boolean
  /**
   * Runs `sink` over the given partitions, by default all. Resolves with one result per partition, in order: an array
   * of records for `collect`, a number for `count`, the function's return value for `apply`.
   */
  run<U>(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<U[]>
  /** Starts the jobs of an action that needs several. */
  series(): JobSeries
  /** Whether the caller runs inside a batch of a stream. */
  readonly isInBatch: boolean
  /** Sends the process a signal if a fault plan names this point of an output's commit. */
  faultPoint(point: `output:${'written' | 'committing' | 'committed'}`): void
  /** Registers a new dataset of the graph, before its fields are set. */
  datasetCreated(rdd: Dataset): void
  /** Registers that a stream has computed its dataset of a batch. */
  datasetComputed(rdd: Dataset): void
  /** Releases the persisted blocks of an RDD. */
  unpersist(rdd: Dataset): void
  /** Frees the copies of a broadcast variable, once no task uses it. */
  releaseBroadcast(id: number): void
}
