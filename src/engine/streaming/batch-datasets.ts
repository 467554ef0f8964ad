import type { Dataset } from '../../ops/dataset.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { Engine } from '../engine.js'
import type { InputTracker } from '../receivers/input-tracker.js'
import { FreedSources } from './freed-sources.js'

/** The datasets that streams have created, by stream and batch, until no later batch can read them. */
export class BatchDatasets {
  readonly #graph: StreamGraph
  readonly #engine: Engine
  readonly #inputs: InputTracker
  readonly #created = new Map<string, Dataset[]>()
  readonly #freed: FreedSources

  constructor(graph: StreamGraph, engine: Engine, inputs: InputTracker) {
    this.#graph = graph
    this.#engine = engine
    this.#inputs = inputs
    this.#freed = new FreedSources(graph, engine, inputs)
  }

  /** Records the stream and batch of a new dataset. */
  created(rdd: Dataset): void {
    const { owner } = this.#graph
    if (!owner) return
    const key = keyOf(owner[0].id, owner[1])
    const known = this.#created.get(key)
    if (known) known.push(rdd)
    else this.#created.set(key, [rdd])
  }

  /** Releases the datasets that no batch after `time` can read. */
  releaseAfter(time: number): void {
    for (const stream of this.#graph.streams) {
      const times = stream.forget(time)
      for (const old of times) {
        const key = keyOf(stream.id, old)
        for (const rdd of this.#created.get(key) ?? []) this.#engine.release(rdd)
        this.#created.delete(key)
      }
      if (times.length > 0) this.#inputs.forget(stream.id, times)
    }
    this.#inputs.forgetUnused(time)
  }

  /** Called when all outputs of the batch at `time` have completed. */
  batchDone(time: number): void {
    this.#freed.batchDone(time)
  }
}

function keyOf(stream: number, time: number): string {
  return `${stream}:${time}`
}
