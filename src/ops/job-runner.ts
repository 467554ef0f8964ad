import type { Sink } from './plan.js'
import type { Rdd } from './rdd/rdd.js'

/** What an action asks of the engine. The engine implements it; a graph that is only being built has none. */
export interface JobRunner {
  /** It runs no more jobs. */
  readonly closed: boolean
  /**
   * Runs `sink` over the given partitions (all if absent) and answers with one result a partition, in order:
   * an array of records for `collect`, a number for `count`, what the function returned for `apply`.
   */
  run<U>(rdd: Rdd<unknown>, sink: Sink, partitions?: readonly number[]): Promise<U[]>
  /** Forgets the kept blocks of an RDD. */
  unpersist(rdd: Rdd<unknown>): void
}
