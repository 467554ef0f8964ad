import { formatMillis } from '../time.js'
import type { OutputOperation, StreamGraph } from './graph.js'
import type { StreamNode } from './node.js'

/**
 * Returns all faults of a graph, which start() reports at once. An operation throws at its own call for faults that it
 * can detect there, because the stack then shows the line: a window that is not a multiple of its parent's slide, two
 * outputs with one name.
 */
export function graphFaults({ outputs }: StreamGraph): string[] {
  const faults = outputs.length === 0 ? [NO_OUTPUT] : []
  // A stream that no output reads is never computed, so its faults are harmless.
  for (const stream of computed(outputs)) faults.push(...intervalFaults(stream), ...stream.faults())
  return [...faults, ...targetFaults(outputs)]
}

/** Returns a fault for each input that another process cannot resume from a checkpoint. */
export function checkpointFaults({ inputs }: StreamGraph): string[] {
  return inputs
    .filter(({ source }) => source.kind === 'local' && source.replayable !== true)
    .map((stream) =>
      stream.source.name === 'queue'
        ? `queueStream doesn't support checkpointing: ${nameOf(stream)} is a queue in this process, which another process does not have. Use another source, or no checkpoint directory.`
        : `${nameOf(stream)} cannot repeat its batches, as checkpointing needs. If the same time returns the same records in any process, set replayable: true.`,
    )
}

const NO_OUTPUT =
  'No output operations are registered, so there is nothing to execute. Add print(), output(name), foreachRDD(fn) or a saveAs... operation to a stream.'

/** Returns the name of a stream in messages. */
export function nameOf(stream: StreamNode): string {
  return `stream ${stream.id} (${stream.label})`
}

function computed(outputs: readonly OutputOperation[]): StreamNode[] {
  const found = new Set<StreamNode>()
  const visit = (stream: StreamNode) => {
    if (found.has(stream)) return
    found.add(stream)
    stream.parents.forEach(visit)
  }
  for (const { stream } of outputs) visit(stream)
  return [...found].sort((a, b) => a.id - b.id)
}

function intervalFaults(stream: StreamNode): string[] {
  const { slideDuration, checkpointInterval } = stream
  if (checkpointInterval === undefined || checkpointInterval % slideDuration === 0) return []
  return [
    `The checkpoint interval of ${nameOf(stream)} is ${formatMillis(checkpointInterval)}; it must be a multiple of its slide, ${formatMillis(slideDuration)}.`,
  ]
}

/**
 * Returns a fault for each pair of outputs that write to one path: each would replace the other's files in every batch.
 */
function targetFaults(outputs: readonly OutputOperation[]): string[] {
  const first = new Map<string, OutputOperation>()
  const faults: string[] = []
  for (const output of outputs) {
    if (output.target === undefined) continue
    const other = first.get(output.target)
    if (other) {
      faults.push(
        `${output.label} of ${nameOf(output.stream)} and ${other.label} of ${nameOf(other.stream)} both write to ${output.target}: each would replace the other's files. Use a different prefix or suffix for each.`,
      )
    } else first.set(output.target, output)
  }
  return faults
}
