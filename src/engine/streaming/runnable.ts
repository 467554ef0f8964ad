import { ArgumentError, GraphError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import { checkpointFaults, graphFaults } from '../../ops/dstream/validate.js'
import type { CheckedStreamingOptions } from './streaming-options.js'

/** Options that store something in the directory of checkpoints, with the reason why they need one. */
const NEED_DIRECTORY = {
  replayRetention: 'replays read the checkpoints and the recorded input there',
  writeAheadLog: 'the log is in the directory of checkpoints, which also say when its files are not needed any more',
} as const

/** Checks that streams can run. @throws GraphError with all faults of the graph, ArgumentError for an option. */
export function checkRunnable(graph: StreamGraph, options: CheckedStreamingOptions, hasCheckpoints: boolean): void {
  if (!hasCheckpoints) {
    if (options.replayRetention > 0) throw needsDirectory('replayRetention')
    if (options.writeAheadLog) throw needsDirectory('writeAheadLog')
  }
  checkGraph(graph, hasCheckpoints)
}

/** Checks the graph, and with checkpoints their intervals. @throws GraphError with all faults. */
export function checkGraph(graph: StreamGraph, hasCheckpoints: boolean): void {
  const faults = graphFaults(graph)
  if (hasCheckpoints) faults.push(...checkpointFaults(graph))
  if (faults.length > 0) throw new GraphError(faults)
}

function needsDirectory(option: keyof typeof NEED_DIRECTORY): ArgumentError {
  return new ArgumentError(
    `${option} is set and checkpointDir is not: ${NEED_DIRECTORY[option]}. Set checkpointDir, or call checkpoint(directory).`,
    { option },
  )
}
