import type { Dataset } from '../../ops/dataset.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { Observation } from '../../ops/plan.js'
import type { InputTracker } from '../receivers/input-tracker.js'
import type { StreamListener } from '../stream-port.js'
import type { BatchDatasets } from './batch-datasets.js'

/** Passes what the engine reports to the inputs, the datasets and the event times of one run of the streams. */
export class RunListener implements StreamListener {
  readonly #graph: StreamGraph
  readonly #inputs: InputTracker
  readonly #datasets: BatchDatasets

  constructor(graph: StreamGraph, inputs: InputTracker, datasets: BatchDatasets) {
    this.#graph = graph
    this.#inputs = inputs
    this.#datasets = datasets
  }

  receivedBytes(): number {
    return this.#inputs.receivedBytes
  }

  rememberDuration(operator: number): number {
    return this.#graph.streams[operator]!.rememberDuration
  }

  datasetCreated(rdd: Dataset): void {
    this.#datasets.created(rdd)
  }

  sourceRead(rdd: number, partition: number, records: number): void {
    this.#inputs.sourceRead(rdd, partition, records)
  }

  eventTimesObserved(observation: Observation): void {
    this.#graph.eventTime.get(observation.stream)?.observe(observation)
  }
}
