import type { FileChangedError } from '../../errors.js'
import type { Partitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import type { FileRange } from '../source.js'
import type { RddBuilder } from './builder.js'
import { countOfRange } from './range.js'
import { type Planner, Rdd } from './rdd.js'

/** Slice `i` of `n` contiguous slices of `length` items: [floor(i*length/n), floor((i+1)*length/n)). */
export function sliceBounds(length: number, i: number, n: number): [number, number] {
  return [Math.floor((i * length) / n), Math.floor(((i + 1) * length) / n)]
}

/** Values that the driver holds. They are the root of their lineage: never lost while the driver lives. */
export class ValuesRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies = []
  readonly #data: readonly T[]

  constructor(context: RddBuilder, data: readonly T[], partitions: number, label = 'parallelize') {
    super(context, label)
    this.#data = data
    this.partitions = partitions
  }

  /** Its records. */
  get records(): number {
    return this.#data.length
  }

  plan(partition: number, planner: Planner): Plan {
    const [start, end] = sliceBounds(this.#data.length, partition, this.partitions)
    const values = this.#data.slice(start, end)
    return { op: 'input', slot: planner.source({ from: 'values', rdd: this, partition, values }) }
  }
}

/** A file in equal byte ranges. */
export class FilePartsRdd extends Rdd<string> {
  readonly partitions: number
  readonly dependencies = []
  readonly #path: string

  constructor(context: RddBuilder, path: string, partitions: number) {
    super(context, 'textFile')
    this.#path = path
    this.partitions = partitions
  }

  plan(partition: number, planner: Planner): Plan {
    const slot = planner.source({
      from: 'file-part',
      rdd: this,
      partition,
      path: this.#path,
      index: partition,
      of: this.partitions,
    })
    return { op: 'input', slot }
  }
}

/** Byte ranges of files, as a direct source gave them: one partition each. */
export class FileRangesRdd extends Rdd<string> {
  readonly partitions: number
  readonly dependencies = []
  readonly #ranges: readonly FileRange[]
  /** Whether tasks may go on without the file that an error names, none of which was read. */
  readonly mayLeaveOut: (error: FileChangedError) => boolean

  constructor(context: RddBuilder, ranges: readonly FileRange[], mayLeaveOut: (error: FileChangedError) => boolean) {
    super(context, 'files')
    this.#ranges = ranges
    this.mayLeaveOut = mayLeaveOut
    this.partitions = ranges.length
  }

  plan(partition: number, planner: Planner): Plan {
    return {
      op: 'input',
      slot: planner.source({ from: 'file', rdd: this, partition, range: this.#ranges[partition]! }),
    }
  }
}

/** Blocks of a receiver, or of a checkpoint. The slices are the engine's; the lineage only carries them. */
export class ReceivedRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies = []
  readonly #slices: readonly (readonly unknown[])[]

  constructor(context: RddBuilder, label: string, slices: readonly (readonly unknown[])[], partitioner?: Partitioner) {
    super(context, label, partitioner)
    this.#slices = slices
    this.partitions = slices.length
  }

  plan(partition: number, planner: Planner): Plan {
    return {
      op: 'input',
      slot: planner.source({ from: 'received', rdd: this, partition, slices: this.#slices[partition]! }),
    }
  }
}

export class RangeRdd extends Rdd<number> {
  readonly partitions: number
  readonly dependencies = []
  readonly #start: number
  readonly #count: number
  readonly #step: number

  constructor(context: RddBuilder, start: number, end: number, step: number, partitions: number) {
    super(context, 'range')
    this.#start = start
    this.#count = countOfRange(start, end, step)
    this.#step = step
    this.partitions = partitions
  }

  plan(partition: number, planner: Planner): Plan {
    const [from, to] = sliceBounds(this.#count, partition, this.partitions)
    const start = this.#start + from * this.#step
    return {
      op: 'input',
      slot: planner.source({ from: 'range', start, end: this.#start + to * this.#step, step: this.#step }),
    }
  }
}
