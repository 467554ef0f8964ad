import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { InputNode, StreamNode } from '../../ops/dstream/node.js'
import type { Engine } from '../engine.js'
import type { InputTracker } from '../receivers/input-tracker.js'

/** The readers of an input in later batches. */
interface Lineage {
  /** How long, in ms, its own data may be read after its batch. */
  readonly direct: number
  /** Streams that are read later, by windows and state, with the slide of the slowest reader of each. */
  readonly read: ReadonlyMap<StreamNode, number>
}

/**
 * Frees received data that only past batches of windows and state were computed from, when these are settled: a window of
 * ten minutes then holds ten minutes of counts, and no text.
 */
export class FreedSources {
  readonly #graph: StreamGraph
  readonly #engine: Engine
  readonly #inputs: InputTracker
  /** Batches whose received data may become free, oldest first. */
  readonly #waiting = new Map<InputNode, number[]>()
  #lineages: ReadonlyMap<InputNode, Lineage> | undefined

  constructor(graph: StreamGraph, engine: Engine, inputs: InputTracker) {
    this.#graph = graph
    this.#engine = engine
    this.#inputs = inputs
  }

  /** Called when the batch at `time` is complete and none of its outputs has failed. */
  batchDone(time: number): void {
    this.#lineages ??= lineagesOf(this.#graph)
    for (const [input, lineage] of this.#lineages) {
      const waiting = this.#waiting.get(input) ?? []
      if (waiting.length === 0) this.#waiting.set(input, waiting)
      waiting.push(time)
      while (waiting.length > 0 && this.#hasBeenRead(waiting[0]!, time, lineage)) this.#free(input, waiting.shift()!)
    }
  }

  /** Whether every reader that will ever read the batch has read it once. */
  #hasBeenRead(batch: number, now: number, { direct, read }: Lineage): boolean {
    if (batch > now - direct) return false
    const { zeroTime } = this.#graph
    return [...read.values()].every((slide) => batch <= now - ((now - zeroTime) % slide))
  }

  #free(input: InputNode, time: number): void {
    const settled: NonNullable<ReturnType<Engine['settled']>>[] = []
    for (const stream of this.#lineages!.get(input)!.read.keys()) {
      if (!stream.isValid(time)) continue
      const rdd = stream.getOrCompute(time)
      const found = rdd && this.#engine.settled(rdd)
      if (rdd && !found) return
      if (found) settled.push(found)
    }
    const kept = settled.reduce((sum, { bytes }) => sum + bytes, 0)
    // The blocks in place of the data cannot be evicted, so they must be worth it.
    if (kept * 2 > this.#inputs.receivedIn(input, time)) return
    for (const each of settled) each.keep()
    this.#inputs.free(input, time)
  }
}

function lineagesOf(graph: StreamGraph): ReadonlyMap<InputNode, Lineage> {
  const direct = new Map<StreamNode, number>()
  const reach = (stream: StreamNode, ms: number) => direct.set(stream, Math.max(direct.get(stream) ?? 0, ms))
  for (const { stream } of graph.outputs) reach(stream, stream.slideDuration)
  const used = graph.streams.filter(({ rememberDuration }) => rememberDuration > 0)
  const read = new Map<StreamNode, Map<StreamNode, number>>()
  // Children have higher numbers than their parents.
  for (const stream of [...used].reverse()) {
    const { checkpointInterval = 0, slideDuration, parents, parentRemember } = stream
    reach(stream, Math.max(slideDuration, graph.rememberAtLeast, 2 * checkpointInterval))
    for (const parent of parents) {
      const readers = read.get(parent) ?? new Map<StreamNode, number>()
      read.set(parent, readers)
      if (parentRemember > 0) readers.set(parent, Math.max(readers.get(parent) ?? 0, slideDuration))
      else {
        reach(parent, direct.get(stream)!)
        for (const [past, slide] of read.get(stream) ?? []) readers.set(past, Math.max(readers.get(past) ?? 0, slide))
      }
    }
  }
  const inputs = graph.inputs.flatMap((input): [InputNode, Lineage][] => {
    const past = read.get(input)
    if (!past?.size || past.has(input)) return []
    return [[input, { direct: direct.get(input)!, read: past }]]
  })
  return new Map(inputs)
}
