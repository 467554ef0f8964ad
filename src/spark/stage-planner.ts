import type { FileInputs } from '../engine/scheduler/file-inputs.js'
import { partOf } from '../engine/scheduler/list-files.js'
import type { PlannedSource } from '../engine/scheduler/planned-task.js'
import type { SnapshotRows } from '../engine/state/snapshot-chain.js'
import type { FileRange } from '../files/identity.js'
import type { Dataset, Planner, RejectingDataset, ShuffleDependency, SourcePartition } from '../ops/dataset.js'
import type { ObservedPlace, Plan } from '../ops/plan.js'
import { StateRdd } from '../ops/rdd/state.js'
import type { FileReading } from '../ops/source.js'
import { ByteWriter } from '../pool/blocks/byte-writer.js'
import type { BlockSlice } from '../pool/blocks/handle.js'
import { encodeRecords } from '../pool/blocks/records-codec.js'
import type { PulledSlice, StageInput, StateStageInput } from './stage-input.js'
import { unsupported } from './unsupported.js'

/** The other RDDs that a stage reads, by their numbers in the gateway. */
export interface ParentRdds {
  shuffled(dependency: ShuffleDependency): number
  /** The RDD of a version of state, which is created for its first reader. */
  version(rdd: StateRdd<unknown>): number
  /** The RDD of an earlier version; undefined if there is none. */
  versionAt(operator: number, time: number): number | undefined
  /** The snapshots of a version of an earlier process. */
  restoredAt(operator: number, time: number, partition: number): SnapshotRows
  persisted(rdd: Dataset): number
}

export interface StagePlannerOptions {
  readonly parents: ParentRdds
  readonly files: FileInputs
  readonly deadLetterLimit: number
  /** The name of the application, for its state. */
  readonly application: string
}

/** A read of a partition of another RDD, for an input. */
export interface ParentRead {
  readonly input: number
  /** `late`: the late records of a version of state. */
  readonly kind: 'records' | 'shuffle' | 'state' | 'late'
  readonly rdd: number
  readonly partition: number
  /** The name of the partition of state. */
  readonly state?: string
}

/** The records that the RDD of a version has beside the snapshots. */
const EMITS = {
  update: 'nothing',
  window: 'nothing',
  map: 'output',
  eventWindow: 'output-and-late',
  eventJoin: 'output-and-late',
} as const

/** Describes one partition of a stage: narrow dependencies in its plan, shuffles and persisted datasets as reads of other RDDs. */
export class StagePlanner implements Planner {
  readonly inputs: StageInput[] = []
  readonly reads: ParentRead[] = []
  /** The name of the partition of state that the task computes, if it does. */
  made: string | undefined
  readonly rejecting: { readonly input: number; readonly rdd: RejectingDataset; readonly partition: number }[] = []
  readonly sources: PlannedSource[] = []
  readonly #options: StagePlannerOptions

  constructor(options: StagePlannerOptions) {
    this.#options = options
  }

  of(rdd: Dataset, partition: number): Plan {
    if (!rdd.storage) return this.computed(rdd, partition)
    return this.#records(this.#options.parents.persisted(rdd), partition)
  }

  /** Returns the plan of a partition that is not read as a persisted one. */
  computed(rdd: Dataset, partition: number): Plan {
    return rdd instanceof StateRdd ? this.#stateOf(rdd, partition) : rdd.plan(partition, this)
  }

  /** Returns the plan of a version of state itself: what it emits is stored beside its snapshots. */
  version(rdd: StateRdd<unknown>, partition: number): Plan {
    const { operator, previous, how, label } = rdd
    const { parents } = this.#options
    const before = previous === undefined ? undefined : parents.versionAt(operator, previous)
    const isRestored = previous !== undefined && before === undefined
    const restored = isRestored ? restoredFrom(parents.restoredAt(operator, previous, partition)) : undefined
    const input = this.#state(rdd, partition, previous, restored)
    this.made = this.#nameOf(operator, partition)
    if (before !== undefined) this.reads.push({ input, kind: 'state', rdd: before, partition, state: this.made })
    const emit = EMITS[how.kind]
    return { op: 'state', input, operator: how, changes: rdd.changes(partition, this), emit, label }
  }

  shuffle(dependency: ShuffleDependency, partition: number): number {
    return this.#read(this.#options.parents.shuffled(dependency), partition, 'shuffle')
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

  /** Not called: versions of state are planned by themselves. */
  state(): number {
    throw unsupported('keyed state')
  }

  rejects(rdd: RejectingDataset, partition: number): number {
    const { keep, outcomes } = rdd.rejecting
    const input = this.#input({ in: 'rejects', keep: keep ? this.#options.deadLetterLimit : 0, outcomes })
    this.rejecting.push({ input, rdd, partition })
    return input
  }

  observe(place: ObservedPlace): number {
    return this.#input({ in: 'observe', ...place })
  }

  watermark(before: number): number {
    return this.#input({ in: 'watermark', before })
  }

  #reader({ rdd, partition, reader, input: read, rejects }: Extract<SourcePartition, { from: 'reader' }>): number {
    const source = { source: rdd.label, reader, partition: read, rejects }
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
        ? { in: 'partition', source: rdd.label, reader: reading.reader, partition: { ranges }, rejects }
        : { in: 'files', ranges, sum },
    )
    this.sources.push({ input, rdd: rdd.id, partition, files: { reads, ranges } })
    return input
  }

  /** Entries are read from the state in a process; the output of a version is beside its snapshots. */
  #stateOf(rdd: StateRdd<unknown>, partition: number): Plan {
    const { operator, time, how, emit, label } = rdd
    const version = this.#options.parents.version(rdd)
    if (emit !== 'entries') return this.#records(version, partition, emit === 'late' ? 'late' : 'records')
    const input = this.#state(rdd, partition, time)
    this.reads.push({ input, kind: 'state', rdd: version, partition, state: this.#nameOf(operator, partition) })
    return { op: 'state', input, operator: how, changes: [], emit, label }
  }

  #state(
    { operator, time: to, scan, watermarks }: StateRdd<unknown>,
    partition: number,
    from?: number,
    restored?: StateStageInput['restored'],
  ): number {
    const name = `${this.#options.application}/${operator}`
    return this.#input({ in: 'state', name, operator, partition, from, to, scan, watermarks, restored })
  }

  #nameOf(operator: number, partition: number): string {
    return `${this.#options.application}/${operator}/${partition}`
  }

  #records(rdd: number, partition: number, kind: 'records' | 'late' = 'records'): Plan {
    return { op: 'input', input: this.#read(rdd, partition, kind) }
  }

  #read(rdd: number, partition: number, kind: 'records' | 'shuffle' | 'late'): number {
    const input = this.#input({ in: 'read' })
    this.reads.push({ input, kind, rdd, partition })
    return input
  }

  #input(input: StageInput): number {
    return this.inputs.push(input) - 1
  }
}

function pulled({ block: { id: block, codec, count, length }, start = 0, end = length }: BlockSlice): PulledSlice {
  return { block, codec, count, start, end }
}

function restoredFrom({ keys, snapshots }: SnapshotRows): StateStageInput['restored'] {
  const of = (rows: readonly BlockSlice[]) => rows.map(({ block }) => pulled({ block }))
  return { keys: of(keys), snapshots: of(snapshots) }
}

function valuesInput(values: readonly unknown[]): StageInput {
  const writer = new ByteWriter()
  encodeRecords(writer, values)
  return { in: 'values', count: values.length, payload: new Uint8Array(writer.bytes()) }
}
