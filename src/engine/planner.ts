import type { FoundFile } from '../files/find.js'
import { append } from '../ops/append.js'
import { toSpec } from '../ops/partitioner.js'
import type { ObservedPlace, Plan, Program, Sink } from '../ops/plan.js'
import type { Planner, Rdd, RejectingRdd, ShuffleDependency, SourcePartition, StateRequest } from '../ops/rdd/rdd.js'
import { FileRangesRdd } from '../ops/rdd/source-rdds.js'
import type { FileRange } from '../ops/source.js'
import type { BlockHandle, BlockSlice } from '../pool/blocks/handle.js'
import type { TaskInput } from '../pool/protocol.js'
import type { Content, Reading } from './content-versions.js'
import type { StoredBlock } from './disk-store.js'
import { FileReads, listTextFiles, partOf } from './file-reads.js'
import type { KeptPartitions } from './kept-partitions.js'
import type { MapOutputs } from './map-outputs.js'
import type { StateTracker } from './state-tracker.js'

/** What the planner looks things up in. */
export interface PlanningTables {
  readonly kept: KeptPartitions
  readonly outputs: MapOutputs
  readonly states: StateTracker
  /** Where a block's bytes are now. */
  current(block: BlockHandle): BlockHandle
  /** Records with their errors that a step may send; it counts the others. */
  readonly deadLetterLimit: number
  /** Text files with their sizes, fixed when an RDD over them is first planned. */
  readonly textFiles: WeakMap<Rdd<unknown>, readonly FoundFile[]>
  /** What tasks have read of the files of RDDs. */
  readonly fileReads: WeakMap<Rdd<unknown>, FileReads>
  /** The block of values that the driver holds, written when first needed; undefined for no values. */
  values(rdd: Rdd<unknown>, partition: number, values: readonly unknown[]): BlockHandle | undefined
}

/** One task, planned: what it runs, on what, and where it should run. */
export interface PlannedTask {
  readonly program: Program
  readonly inputs: readonly TaskInput[]
  /** Every block that the task reads. */
  readonly blocks: readonly BlockHandle[]
  /** Every file of a kept partition that the task reads. */
  readonly files: readonly number[]
  /** What of it may be lost and come out different; more is added as the task writes kept partitions. */
  readonly reads: Reading[]
  /** The same of map outputs that were promised, in the order of the inputs: which bytes they are shows later. */
  readonly promised: readonly Content[]
  /** The thread that holds the task's state. */
  readonly pinned: number | undefined
  /** Slots that read data from outside of the lineage, to count records once. */
  readonly sources: readonly PlannedSource[]
  /** Slots of steps that give up records whose function throws. */
  readonly rejects: readonly { readonly slot: number; readonly rdd: RejectingRdd; readonly partition: number }[]
  /** State that the task makes. */
  readonly states: readonly {
    readonly operator: number
    readonly partition: number
    readonly partitions: number
    readonly version: number
    readonly detached: boolean
    /** Versions that were replayed on a snapshot or on nothing; undefined where the version before is there. */
    readonly rebuilt: number | undefined
  }[]
}

export interface PlannedSource {
  readonly slot: number
  readonly rdd: number
  readonly partition: number
  /** Present where the slot reads files. */
  readonly files?: { readonly reads: FileReads; readonly ranges: readonly FileRange[] }
}

/** Shuffles whose map outputs are not all there: they must run before the task can be planned. */
export class MissingOutputs {
  readonly dependencies: readonly ShuffleDependency[]
  constructor(dependencies: readonly ShuffleDependency[]) {
    this.dependencies = dependencies
  }
}

/** Map outputs that are made along with the task that reads them: their places on its exchange board, by shuffle. */
export type PromisedOutputs = ReadonlyMap<number, { readonly first: number; readonly count: number }>

/**
 * Plans a task that runs `sink` over one partition; answers what is missing, and was not promised, where it cannot be
 * planned yet.
 */
export function planTask(
  rdd: Rdd<unknown>,
  partition: number,
  sink: Sink,
  tables: PlanningTables,
  promised?: PromisedOutputs,
): PlannedTask | MissingOutputs {
  const planning = new Planning(tables, promised)
  const plan = planning.of(rdd, partition)
  if (planning.missing.size > 0) return new MissingOutputs([...planning.missing])
  const { inputs, blocks, files, pinned, reads, promised: taken, sources, rejecting: rejects, states } = planning
  return { program: { plan, sink }, inputs, blocks, files, reads, promised: taken, pinned, sources, rejects, states }
}

/** The sink of a shuffle's map tasks. */
export function shuffleSink({ partitioner, aggregator }: ShuffleDependency): Sink {
  return { op: 'shuffle', partitioner: toSpec(partitioner), aggregator }
}

class Planning implements Planner {
  readonly inputs: TaskInput[] = []
  readonly blocks: BlockHandle[] = []
  readonly files: number[] = []
  readonly reads: Reading[] = []
  readonly promised: Content[] = []
  readonly missing = new Set<ShuffleDependency>()
  readonly sources: PlannedSource[] = []
  readonly rejecting: PlannedTask['rejects'][number][] = []
  readonly states: PlannedTask['states'][number][] = []
  pinned: number | undefined
  readonly #tables: PlanningTables
  readonly #promised: PromisedOutputs | undefined

  constructor(tables: PlanningTables, promised: PromisedOutputs | undefined) {
    this.#tables = tables
    this.#promised = promised
  }

  of(rdd: Rdd<unknown>, partition: number): Plan {
    if (!rdd.storage) return rdd.plan(partition, this)
    const { kept } = this.#tables
    const place = kept.get(rdd.id, partition)
    const reading = place && kept.reading(rdd.id, partition)
    if (reading) this.reads.push(reading)
    if (place?.in === 'memory') return { op: 'input', slot: this.#reading([{ block: place.block }]) }
    if (place) return { op: 'input', slot: this.#spilled(rdd.id, partition, place.file) }
    kept.expect(rdd)
    const of = rdd.plan(partition, this)
    return { op: 'keep', of, slot: this.#slot({ in: 'keep', key: `${rdd.id}:${partition}` }) }
  }

  shuffle(dependency: ShuffleDependency, partition: number): number {
    const { partitioner } = dependency
    const dealt = partitioner.kind === 'deal' ? partitioner.partitions : undefined
    const outputs = this.#tables.outputs.complete(dependency)
    if (!outputs) {
      const places = this.#promised?.get(dependency.id)
      if (places) {
        this.promised.push(this.#tables.outputs.content(dependency))
        return this.#slot({ in: 'exchange', ...places, partition, dealt })
      }
      this.missing.add(dependency)
      return -1
    }
    const now = outputs.map((block) => this.#tables.current(block))
    append(this.blocks, now)
    const of = this.#tables.outputs.content(dependency)
    this.reads.push({ of, version: of.version })
    return this.#slot({ in: 'shuffle', outputs: now, partition, dealt })
  }

  source(source: SourcePartition): number {
    if (source.from === 'file') return this.#ranges(source.rdd, source.partition, [source.range])
    if (source.from === 'file-part')
      return this.#ranges(
        source.rdd,
        source.partition,
        partOf(this.#files(source.rdd, source.path), source.index, source.of),
      )
    const slot = this.#source(source)
    if (source.from !== 'range') this.sources.push({ slot, rdd: source.rdd.id, partition: source.partition })
    return slot
  }

  state({ rdd, partition }: StateRequest): number {
    const { operator, time, previous, scan, watermarks } = rdd
    const { thread, snapshot, detached, rebuild } = this.#tables.states.plan(rdd, partition)
    if (thread !== undefined) this.pinned = thread
    this.states.push({
      operator,
      partition,
      partitions: rdd.partitions,
      version: time,
      detached,
      rebuilt: rebuild?.replay.length,
    })
    const current = (block: BlockHandle) => this.#tables.current(block)
    const keys = rebuild?.keys.map(current) ?? []
    const snapshots = rebuild?.snapshots.map(current) ?? []
    append(this.blocks, keys)
    append(this.blocks, snapshots)
    return this.#slot({
      in: 'state',
      operator,
      partition,
      from: previous,
      to: time,
      scan,
      watermarks,
      snapshot,
      detached: detached || undefined,
      rebuild: rebuild && {
        keys,
        snapshots,
        last: rebuild.last,
        replay: rebuild.replay.map((past) => ({
          to: past.time,
          scan: past.scan,
          watermarks: past.watermarks,
          changes: past.changes(partition, this),
        })),
      },
    })
  }

  rejects(rdd: RejectingRdd, partition: number): number {
    const slot = this.#slot({ in: 'rejects', keep: rdd.rejecting.keep ? this.#tables.deadLetterLimit : 0 })
    this.rejecting.push({ slot, rdd, partition })
    return slot
  }

  observe(place: ObservedPlace): number {
    return this.#slot({ in: 'observe', ...place })
  }

  watermark(before: number): number {
    return this.#slot({ in: 'watermark', before })
  }

  #source(source: Exclude<SourcePartition, { from: 'file' | 'file-part' }>): number {
    switch (source.from) {
      case 'values': {
        const block = this.#tables.values(source.rdd, source.partition, source.values)
        return this.#reading(block ? [{ block }] : [])
      }
      case 'received':
        return this.#reading(source.slices as readonly BlockSlice[])
      case 'range':
        return this.#slot({ in: 'range', from: source.start, to: source.end, step: source.step })
    }
  }

  #ranges(rdd: Rdd<unknown>, partition: number, all: readonly FileRange[]): number {
    const { fileReads } = this.#tables
    const reads = fileReads.get(rdd) ?? new FileReads(rdd instanceof FileRangesRdd ? rdd.mayLeaveOut : undefined)
    fileReads.set(rdd, reads)
    const { ranges, sum } = reads.plan(partition, all)
    const slot = this.#slot({ in: 'files', ranges, sum })
    this.sources.push({ slot, rdd: rdd.id, partition, files: { reads, ranges } })
    return slot
  }

  #files(rdd: Rdd<unknown>, path: string): readonly FoundFile[] {
    let files = this.#tables.textFiles.get(rdd)
    if (files === undefined) {
      files = listTextFiles(path)
      this.#tables.textFiles.set(rdd, files)
    }
    return files
  }

  #reading(slices: readonly BlockSlice[]): number {
    const now = slices.map((slice) => ({ ...slice, block: this.#tables.current(slice.block) }))
    for (const { block } of now) this.blocks.push(block)
    return this.#slot({ in: 'blocks', slices: now })
  }

  #spilled(rdd: number, partition: number, { id: file, path, length, crc }: StoredBlock): number {
    this.files.push(file)
    return this.#slot({ in: 'spilled', file, path, length, crc, rdd, partition })
  }

  #slot(input: TaskInput): number {
    return this.inputs.push(input) - 1
  }
}
