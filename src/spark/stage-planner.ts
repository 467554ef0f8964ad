import type { FileInputs } from '../engine/scheduler/file-inputs.js'
import { partOf } from '../engine/scheduler/list-files.js'
import type { PlannedSource } from '../engine/scheduler/planned-task.js'
import type { FileRange } from '../files/identity.js'
import type { Dataset, Planner, RejectingDataset, ShuffleDependency, SourcePartition } from '../ops/dataset.js'
import type { Plan } from '../ops/plan.js'
import type { FileReading } from '../ops/source.js'
import { ByteWriter } from '../pool/blocks/byte-writer.js'
import type { BlockSlice } from '../pool/blocks/handle.js'
import { encodeRecords } from '../pool/blocks/records-codec.js'
import { portableReader } from './portable-reader.js'
import type { PulledSlice, StageInput } from './stage-input.js'
import { unsupported } from './unsupported.js'

/** The other RDDs that a stage reads, by their numbers in the gateway. */
export interface ParentRdds {
  shuffled(dependency: ShuffleDependency): number
  persisted(rdd: Dataset): number
}

export interface StagePlannerOptions {
  readonly parents: ParentRdds
  readonly files: FileInputs
  readonly deadLetterLimit: number
}

/** A read of a partition of another RDD, for an input. */
export interface ParentRead {
  readonly input: number
  readonly isShuffle: boolean
  readonly rdd: number
  readonly partition: number
}

/** Describes one partition of a stage: narrow dependencies in its plan, shuffles and persisted datasets as reads of other RDDs. */
export class StagePlanner implements Planner {
  readonly inputs: StageInput[] = []
  readonly reads: ParentRead[] = []
  readonly rejecting: { readonly input: number; readonly rdd: RejectingDataset; readonly partition: number }[] = []
  readonly sources: PlannedSource[] = []
  readonly #options: StagePlannerOptions

  constructor(options: StagePlannerOptions) {
    this.#options = options
  }

  of(rdd: Dataset, partition: number): Plan {
    if (!rdd.storage) return rdd.plan(partition, this)
    return { op: 'input', input: this.#read(this.#options.parents.persisted(rdd), partition, false) }
  }

  shuffle(dependency: ShuffleDependency, partition: number): number {
    return this.#read(this.#options.parents.shuffled(dependency), partition, true)
  }

  source(source: SourcePartition): number {
    switch (source.from) {
      case 'values':
        return this.#input(valuesInput(source.values))
      case 'range':
        return this.#input({ in: 'range', from: source.start, to: source.end, step: source.step })
      case 'file':
        return this.#ranges(source, source.reading, [source.range])
      case 'file-part': {
        const { rdd, files, index, of } = source
        // Listed before planning.
        const found = this.#options.files.filesOf(rdd)!
        return this.#ranges(source, files.reading, partOf(found, files, index, of))
      }
      case 'reader':
        return this.#reader(source)
      case 'received':
        return this.#input({ in: 'pull', slices: (source.slices as readonly BlockSlice[]).map(pulled) })
    }
  }

  state(): number {
    throw unsupported('keyed state')
  }

  rejects(rdd: RejectingDataset, partition: number): number {
    const { keep, outcomes } = rdd.rejecting
    const input = this.#input({ in: 'rejects', keep: keep ? this.#options.deadLetterLimit : 0, outcomes })
    this.rejecting.push({ input, rdd, partition })
    return input
  }

  observe(): number {
    throw unsupported('event time')
  }

  watermark(): number {
    throw unsupported('event time')
  }

  #reader({ rdd, partition, reader, input: read, rejects }: Extract<SourcePartition, { from: 'reader' }>): number {
    const source = { source: rdd.label, reader: portableReader(reader), partition: read, rejects }
    const input = this.#input({ in: 'partition', ...source })
    this.sources.push({ input, rdd: rdd.id, partition })
    return input
  }

  #ranges(
    { rdd, partition, rejects }: Extract<SourcePartition, { from: 'file' | 'file-part' }>,
    reading: FileReading | undefined,
    all: readonly FileRange[],
  ): number {
    const reads = this.#options.files.readsOf(rdd)
    const { ranges, sum } = reads.plan(partition, all)
    const input = this.#input(
      reading
        ? { in: 'partition', source: rdd.label, reader: portableReader(reading.reader), partition: { ranges }, rejects }
        : { in: 'files', ranges, sum },
    )
    this.sources.push({ input, rdd: rdd.id, partition, files: { reads, ranges } })
    return input
  }

  #read(rdd: number, partition: number, isShuffle: boolean): number {
    const input = this.#input({ in: 'read' })
    this.reads.push({ input, isShuffle, rdd, partition })
    return input
  }

  #input(input: StageInput): number {
    return this.inputs.push(input) - 1
  }
}

function pulled({ block: { id: block, codec, count, length }, start = 0, end = length }: BlockSlice): PulledSlice {
  return { block, codec, count, start, end }
}

function valuesInput(values: readonly unknown[]): StageInput {
  const writer = new ByteWriter()
  encodeRecords(writer, values)
  return { in: 'values', count: values.length, payload: new Uint8Array(writer.bytes()) }
}
