import { ArgumentError, StateError } from '../errors.js'
import type { StreamGraph } from '../ops/dstream/graph.js'
import { newestRemembered } from '../ops/dstream/newest-remembered.js'
import type { Engine } from './engine.js'
import type { Lineage } from './status/lineage.js'

/**
 * Returns what a partition of a stream's newest dataset is computed from. Runs no job.
 *
 * @throws ArgumentError if there is no such stream or partition; StateError before the stream's first dataset.
 */
export function lineageOf(engine: Engine, { streams }: StreamGraph, id: number, partition: number): Lineage {
  const stream = streams[id]
  if (!stream)
    throw new ArgumentError(`There is no stream ${id}; the graph has streams 0 to ${streams.length - 1}.`, { id })
  const { label } = stream
  const time = newestRemembered(stream)
  if (time === undefined) throw new StateError(`${label} has no dataset now. Ask after its next batch.`, { stream: id })
  const dataset = stream.getOrCompute(time)!
  if (!(partition >= 0 && partition < dataset.partitions))
    throw new ArgumentError(
      `The dataset of ${label} has no partition ${partition}; it has partitions 0 to ${dataset.partitions - 1}.`,
      { partition },
    )
  return { stream: id, label, time, partition, ...engine.lineageOf(dataset, partition) }
}
