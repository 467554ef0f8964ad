import { ArgumentError, StateError } from '../../errors.js'
import type { BatchMark } from './batch-committer.js'
import type { ClusterSettings } from './cluster.js'
import type { KafkaRange } from './ranges.js'
import { partitionKey } from './wire/topic-partition.js'

/** The sink that commits a source's offsets. */
export interface OffsetOwner {
  /** Aborts transactions of earlier processes. Called before the source looks up where to begin. */
  takeOver(): Promise<void>
}

/** A stream that reads the source. */
export interface OffsetReader {
  /** Returns the ranges of the batch at `time`, one per topic partition; undefined if the batch is unknown. */
  rangesAt(time: number): readonly KafkaRange[] | undefined
}

/** Connects a source with the sink that commits its offsets in the same transaction as the records. */
export class SourceOffsets {
  readonly name: string
  readonly group: string | undefined
  readonly cluster: ClusterSettings
  #owner: OffsetOwner | undefined
  #reader: OffsetReader | undefined

  constructor(name: string, group: string | undefined, cluster: ClusterSettings) {
    this.name = name
    this.group = group
    this.cluster = cluster
  }

  /** The sink that commits the offsets. Without one, the source commits them itself. */
  get owner(): OffsetOwner | undefined {
    return this.#owner
  }

  claim(owner: OffsetOwner): void {
    if (this.group === undefined)
      throw new ArgumentError(
        `kafka: offsetsOf names ${this.name}, which has no group to commit offsets for. Set its option group.`,
      )
    if (this.#owner)
      throw new ArgumentError(
        `kafka: offsetsOf names ${this.name}, whose offsets another sink commits. Name it in one sink.`,
      )
    this.#owner = owner
  }

  opened(reader: OffsetReader): void {
    if (this.#owner && this.#reader)
      throw new StateError(`Two streams read ${this.name}, and a sink commits its offsets. Let one stream read it.`)
    this.#reader = reader
  }

  closed(reader: OffsetReader): void {
    if (this.#reader === reader) this.#reader = undefined
  }

  /** Returns the offsets that the batch at `time` commits. */
  marksAt(time: number): BatchMark[] {
    const ranges = this.#reader?.rangesAt(time)
    if (!ranges)
      throw new StateError(
        `The sink commits the offsets of ${this.name}, which no stream of its context reads. Read it by input.`,
      )
    return ranges.map((range) => ({ ...range, group: this.group! }))
  }
}

const offsets = new WeakMap<object, SourceOffsets>()

export function noteOffsets(source: object, of: SourceOffsets): void {
  offsets.set(source, of)
}

/** Returns the offsets object of a source that `kafkaSource` created. */
export function offsetsOf(source: unknown): SourceOffsets | undefined {
  return typeof source === 'object' && source !== null ? offsets.get(source) : undefined
}

/** Joins the adjacent pieces of each partition to one range. */
export function joinPieces(pieces: readonly KafkaRange[]): KafkaRange[] {
  const joined = new Map<string, KafkaRange>()
  for (const piece of pieces) {
    const key = partitionKey(piece)
    joined.set(key, { ...piece, from: joined.get(key)?.from ?? piece.from })
  }
  return [...joined.values()]
}
