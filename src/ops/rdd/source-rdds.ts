import type { FileChangedError } from '../../errors.js'
import type { FileRange } from '../../files/identity.js'
import type { FilesToList, Partitioner, Planner, Rejecting, RejectingDataset } from '../dataset.js'
import type { Plan } from '../plan.js'
import type { FileReading, ReaderRef } from '../source.js'
import type { RddContext } from './context.js'
import { countOfRange } from './range.js'
import { Rdd } from './rdd.js'
import { rejectingBy } from './record-options.js'

/** Returns slice `i` of `n` contiguous slices of `length` items: [floor(i*length/n), floor((i+1)*length/n)). */
export function sliceBounds(length: number, i: number, n: number): [number, number] {
  return [Math.floor((i * length) / n), Math.floor(((i + 1) * length) / n)]
}

/** Values that the driver holds. Such a root of the lineage cannot be lost while the driver lives. */
export class ValuesRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly #data: readonly T[]

  constructor(context: RddContext, data: readonly T[], partitions: number, label = 'parallelize') {
    super(context, label, [])
    this.#data = data
    this.partitions = partitions
  }

  /** The number of records. */
  get records(): number {
    return this.#data.length
  }

  protected describe(partition: number, planner: Planner): Plan {
    const [start, end] = sliceBounds(this.#data.length, partition, this.partitions)
    const values = this.#data.slice(start, end)
    return { op: 'input', input: planner.source({ from: 'values', rdd: this, partition, values }) }
  }
}

/** Data that readers read in the worker threads. */
abstract class ReadRdd<T> extends Rdd<T> {
  /** How records that the reader rejects are treated; undefined: they fail the task. */
  readonly rejecting: Rejecting | undefined

  constructor(context: RddContext, label: string, rejecting: Rejecting | undefined) {
    super(context, label, [])
    this.rejecting = rejecting
  }

  protected rejects(partition: number, planner: Planner): number | undefined {
    return this.rejecting && planner.rejects(this as RejectingDataset, partition)
  }
}

/**
 * The files of a path, in parts of equal size: byte ranges of text and other splittable formats, otherwise whole files.
 */
export class FilePartsRdd<T> extends ReadRdd<T> {
  readonly partitions: number
  readonly #files: FilesToList

  constructor(context: RddContext, files: Omit<FilesToList, 'systems'>, partitions: number) {
    super(context, files.label, rejectingBy(files.reading?.reader.onRecordError))
    this.#files = { ...files, systems: context.files }
    this.partitions = partitions
  }

  protected describe(partition: number, planner: Planner): Plan {
    const input = planner.source({
      from: 'file-part',
      rdd: this,
      partition,
      files: this.#files,
      index: partition,
      of: this.partitions,
      rejects: this.rejects(partition, planner),
    })
    return { op: 'input', input }
  }
}

/** Byte ranges of files that a direct source returned, one partition each. */
export class FileRangesRdd extends ReadRdd<unknown> {
  readonly partitions: number
  readonly #reading: FileReading | undefined
  readonly #ranges: readonly FileRange[]
  /** Returns whether tasks may skip the file that the error names, if none of it has been read. */
  readonly mayLeaveOut: (error: FileChangedError) => boolean

  constructor(
    context: RddContext,
    label: string,
    ranges: readonly FileRange[],
    mayLeaveOut: (error: FileChangedError) => boolean,
    reading: FileReading | undefined,
    rejecting: Rejecting | undefined,
  ) {
    super(context, label, rejecting)
    this.#reading = reading
    this.#ranges = ranges
    this.mayLeaveOut = mayLeaveOut
    this.partitions = ranges.length
  }

  protected describe(partition: number, planner: Planner): Plan {
    const range = this.#ranges[partition]!
    const rejects = this.rejects(partition, planner)
    const reading = this.#reading
    return { op: 'input', input: planner.source({ from: 'file', rdd: this, partition, range, reading, rejects }) }
  }
}

/** Partitions of a direct source, which its reader reads in the worker threads. */
export class ReadPartitionsRdd<T> extends ReadRdd<T> {
  readonly partitions: number
  readonly #reader: ReaderRef
  readonly #inputs: readonly object[]

  constructor(
    context: RddContext,
    label: string,
    reader: ReaderRef,
    inputs: readonly object[],
    rejecting: Rejecting | undefined,
  ) {
    super(context, label, rejecting)
    this.#reader = reader
    this.#inputs = inputs
    this.partitions = inputs.length
  }

  protected describe(partition: number, planner: Planner): Plan {
    const input = this.#inputs[partition]!
    const rejects = this.rejects(partition, planner)
    return {
      op: 'input',
      input: planner.source({ from: 'reader', rdd: this, partition, reader: this.#reader, input, rejects }),
    }
  }
}

/** Blocks of a receiver or of a checkpoint. Only the engine knows the meaning of the slices. */
export class ReceivedRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly #slices: readonly (readonly unknown[])[]

  constructor(context: RddContext, label: string, slices: readonly (readonly unknown[])[], partitioner?: Partitioner) {
    super(context, label, [], partitioner)
    this.#slices = slices
    this.partitions = slices.length
  }

  /** Whether the engine has freed the blocks. A plan that reads them fails. */
  get isFreed(): boolean {
    return this.context.rdds.of(this).isFreed === true
  }

  protected describe(partition: number, planner: Planner): Plan {
    return {
      op: 'input',
      input: planner.source({
        from: 'received',
        rdd: this,
        partition,
        slices: this.#slices[partition]!,
        isFreed: this.isFreed,
      }),
    }
  }
}

export class RangeRdd extends Rdd<number> {
  readonly partitions: number
  readonly #start: number
  readonly #count: number
  readonly #step: number

  constructor(context: RddContext, start: number, end: number, step: number, partitions: number) {
    super(context, 'range', [])
    this.#start = start
    this.#count = countOfRange(start, end, step)
    this.#step = step
    this.partitions = partitions
  }

  protected describe(partition: number, planner: Planner): Plan {
    const [from, to] = sliceBounds(this.#count, partition, this.partitions)
    const start = this.#start + from * this.#step
    return {
      op: 'input',
      input: planner.source({ from: 'range', start, end: this.#start + to * this.#step, step: this.#step }),
    }
  }
}
