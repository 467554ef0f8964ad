import { formatMillis } from '../time.js'
import type { OutputOperation, StreamBuilder } from './builder.js'
import type { Stream } from './dstream.js'

/**
 * Everything that is wrong with a graph, for start() to tell at once. What a call can see by itself (a window that is no
 * multiple of its parent's slide, two outputs of one name) it throws itself, where the line of the fault is known.
 */
export function graphFaults(builder: StreamBuilder): string[] {
  const { outputs } = builder
  const faults = outputs.length === 0 ? [NO_OUTPUT] : []
  // A stream that no output reads is never computed: what is wrong with it does no harm.
  for (const stream of computed(outputs))
    faults.push(...slideFaults(stream), ...contextFaults(stream), ...intervalFaults(stream), ...stream.faults())
  return [...faults, ...targetFaults(outputs)]
}

/** What cannot go on from a checkpoint in another process. */
export function checkpointFaults({ inputs }: StreamBuilder): string[] {
  return inputs
    .filter(({ source }) => source.kind === 'local' && source.replayable !== true)
    .map((stream) =>
      stream.source.name === 'queue'
        ? `queueStream doesn't support checkpointing: ${nameOf(stream)} is a queue in this process, which a new one does not have. Use another source, or no checkpoint directory.`
        : `${nameOf(stream)} cannot be asked for its batches again, as checkpointing needs. If the same time gives the same records in any process, say so with replayable: true.`,
    )
}

const NO_OUTPUT =
  'No output operations are registered, so there is nothing to execute. Add print(), output(name), foreachRDD(fn) or a saveAs... operation to a stream.'

/** How messages name a stream. */
export function nameOf(stream: Stream<unknown>): string {
  return `stream ${stream.id} (${stream.label})`
}

function computed(outputs: readonly OutputOperation[]): Stream<unknown>[] {
  const found = new Set<Stream<unknown>>()
  const visit = (stream: Stream<unknown>) => {
    if (found.has(stream)) return
    found.add(stream)
    stream.parents.forEach(visit)
  }
  for (const { stream } of outputs) visit(stream)
  return [...found].sort((a, b) => a.id - b.id)
}

/** Streams of users' own classes say their slides themselves. */
function slideFaults(stream: Stream<unknown>): string[] {
  const { batchInterval } = stream.builder
  const { slideDuration, parents } = stream
  if (!(slideDuration > 0) || slideDuration % batchInterval !== 0) {
    return [
      `The slide of ${nameOf(stream)} is ${slideDuration} ms; it must be a multiple of the batch interval, ${formatMillis(batchInterval)}.`,
    ]
  }
  return parents
    .filter((parent) => parent.builder === stream.builder && slideDuration % parent.slideDuration !== 0)
    .map(
      (parent) =>
        `The slide of ${nameOf(stream)} is ${formatMillis(slideDuration)}; it must be a multiple of that of ${nameOf(parent)}, which it reads, ${formatMillis(parent.slideDuration)}.`,
    )
}

function intervalFaults(stream: Stream<unknown>): string[] {
  const { slideDuration, checkpointInterval } = stream
  if (checkpointInterval === undefined || checkpointInterval % slideDuration === 0) return []
  return [
    `The checkpoint interval of ${nameOf(stream)} is ${formatMillis(checkpointInterval)}; it must be a multiple of its slide, ${formatMillis(slideDuration)}.`,
  ]
}

function contextFaults(stream: Stream<unknown>): string[] {
  return stream.parents
    .filter((parent) => parent.builder !== stream.builder)
    .map(
      (parent) =>
        `${nameOf(stream)} reads ${nameOf(parent)} of another context. Its data is not there: build both in one context.`,
    )
}

/** Two outputs that write to one place replace what the other wrote, batch by batch. */
function targetFaults(outputs: readonly OutputOperation[]): string[] {
  const first = new Map<string, OutputOperation>()
  const faults: string[] = []
  for (const output of outputs) {
    if (output.target === undefined) continue
    const other = first.get(output.target)
    if (other) {
      faults.push(
        `${output.label} of ${nameOf(output.stream)} and ${other.label} of ${nameOf(other.stream)} both write to ${output.target}: each would replace what the other wrote. Give each a prefix or suffix of its own.`,
      )
    } else first.set(output.target, output)
  }
  return faults
}
