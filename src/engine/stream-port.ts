import type { Dataset } from '../ops/dataset.js'
import type { Observation } from '../ops/plan.js'

/** Running streams, as the engine sees them. */
export interface StreamListener {
  /** Returns the bytes that receivers hold for future batches. */
  receivedBytes(): number
  /** Returns how long, in ms, batches may still read old versions of an operator's state. */
  rememberDuration(operator: number): number
  /** Called when the graph has a new dataset. */
  datasetCreated(rdd: Dataset): void
  /** Called when a task has read a partition of a source. */
  sourceRead(rdd: number, partition: number, records: number): void
  /** Called when a task has observed event times. */
  eventTimesObserved(observation: Observation): void
}

/** Connects the engine with the streams that run on it. A context without streams never attaches any. */
export class StreamPort implements StreamListener {
  #listener: StreamListener | undefined

  /** Attaches the streams of this engine, once. */
  attach(listener: StreamListener): void {
    this.#listener = listener
  }

  receivedBytes(): number {
    return this.#listener?.receivedBytes() ?? 0
  }

  rememberDuration(operator: number): number {
    return this.#listener?.rememberDuration(operator) ?? 0
  }

  datasetCreated(rdd: Dataset): void {
    this.#listener?.datasetCreated(rdd)
  }

  sourceRead(rdd: number, partition: number, records: number): void {
    this.#listener?.sourceRead(rdd, partition, records)
  }

  eventTimesObserved(observation: Observation): void {
    this.#listener?.eventTimesObserved(observation)
  }
}
