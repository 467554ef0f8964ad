import { StateError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { StreamNode } from '../../ops/dstream/node.js'
import { StatefulStream } from '../../ops/dstream/stateful.js'
import { nameOf } from '../../ops/dstream/validate.js'
import type { ContextSettings } from '../options.js'

/** Checks that an engine with a master has what the streams need. @throws StateError if a cluster has no directory for their state. */
export function checkOnMaster(graph: StreamGraph, settings: ContextSettings): void {
  if (settings.master === undefined) return
  const state = graph.streams.find((stream) => stream instanceof StatefulStream)
  if (state && !isDurable(settings)) throw needsDirectory(state)
}

/** With a local master, the state lives as long as the driver, which has a directory of its own for it. */
function isDurable({ master, spark }: ContextSettings): boolean {
  return master!.startsWith('local') || spark.conf?.['spark.checkpoint.dir'] !== undefined
}

function needsDirectory(state: StreamNode): StateError {
  return new StateError(
    `${nameOf(state)} keeps state on a cluster, and spark.conf has no 'spark.checkpoint.dir'. Set it to a directory that all executors share, such as 'hdfs://namenode/state': Spark stores versions there, so that the death of an executor loses none.`,
    { stream: state.id },
  )
}
