import { StateError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import { StatefulStream } from '../../ops/dstream/stateful.js'
import { nameOf } from '../../ops/dstream/validate.js'

/**
 * Checks that an engine with a master has everything that the streams need: docs/guide/cluster.md lists it. @throws StateError that
 * names the first part that only threads have.
 */
export function checkOnMaster(graph: StreamGraph, master: string | undefined, hasCheckpoints: boolean): void {
  if (master === undefined) return
  if (hasCheckpoints) throw onlyInThreads('A checkpoint directory', master)
  const [eventTime] = graph.eventTime.keys()
  if (eventTime !== undefined) throw onlyInThreads(`Event time (${nameOf(graph.streams[eventTime]!)})`, master)
  for (const stream of graph.streams) if (stream instanceof StatefulStream) throw onlyInThreads(nameOf(stream), master)
}

function onlyInThreads(what: string, master: string): StateError {
  return new StateError(
    `${what} is not available on a Spark master, and master is '${master}'. Run the streams in threads: leave out the option master.`,
    { operation: what, master },
  )
}
