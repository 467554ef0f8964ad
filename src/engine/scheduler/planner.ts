import { StateError } from '../../errors.js'
import type { FileRange } from '../../files/identity.js'
import type { FileId, PartitionIndex, ThreadId } from '../../ids.js'
import { append } from '../../ops/append.js'
import type {
  Dataset,
  Planner,
  RejectingDataset,
  ShuffleDependency,
  SourcePartition,
  StateRequest,
} from '../../ops/dataset.js'
import { toSpec } from '../../ops/partitioner.js'
import type { ObservedPlace, Plan, Sink } from '../../ops/plan.js'
import type { FileReading } from '../../ops/source.js'
import type { BlockHandle, BlockSlice } from '../../pool/blocks/handle.js'
import type { TaskInput } from '../../pool/protocol.js'
import type { StateTracker } from '../state/state-tracker.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { Content, Reading } from '../storage/content-versions.js'
import type { StoredBlock } from '../storage/disk-store.js'
import type { DriverValues } from '../storage/driver-values.js'
import type { MapOutputs } from '../storage/map-outputs.js'
import type { PersistedPartitions } from '../storage/persisted-partitions.js'
import type { FileInputs, UnlistedFiles } from './file-inputs.js'
import { partOf } from './list-files.js'
import { MissingInputs, type PlannedSource, type PlannedTask } from './planned-task.js'

/** The tables that the planner reads. */
export interface PlanningTables {
  readonly persisted: PersistedPartitions
  readonly outputs: MapOutputs
  readonly states: StateTracker
  /** Finds the current bytes of a block. */
  readonly blocks: Pick<BlockManager, 'current'>
  /** The number of dead letters that a step may send with their records; further ones are only counted. */
  readonly deadLetterLimit: number
  readonly fileInputs: FileInputs
  readonly values: Pick<DriverValues, 'blockOf'>
}

/** The exchange board entries of map outputs that are computed together with their reader, by shuffle. */
export type PromisedOutputs = ReadonlyMap<number, { readonly first: number; readonly count: number }>

/** Plans a task that runs `sink` over one partition. Returns MissingInputs if other work must be done first. */
export function planTask(
  rdd: Dataset,
  partition: PartitionIndex,
  sink: Sink,
  tables: PlanningTables,
  promised?: PromisedOutputs,
): PlannedTask | MissingInputs {
  const planning = new Planning(tables, promised)
  const plan = planning.of(rdd, partition)
  if (planning.missing.size > 0 || planning.unlisted.length > 0)
    return new MissingInputs([...planning.missing], planning.unlisted)
  const { inputs, blocks, files, pinned, reads, promised: taken, sources, rejecting: rejects, states } = planning
  return { program: { plan, sink }, inputs, blocks, files, reads, promised: taken, pinned, sources, rejects, states }
}

/** Returns the sink of a shuffle's map tasks. */
export function shuffleSink({ partitioner, aggregator, label }: ShuffleDependency): Sink {
  return { op: 'shuffle', partitioner: toSpec(partitioner), aggregator, label }
}

type FileSource = Extract<SourcePartition, { from: 'file' | 'file-part' }>

class Planning implements Planner {
  readonly inputs: TaskInput[] = []
  readonly blocks: BlockHandle[] = []
  readonly files: FileId[] = []
  readonly reads: Reading[] = []
  readonly promised: Content[] = []
  readonly missing = new Set<ShuffleDependency>()
  readonly unlisted: UnlistedFiles[] = []
  readonly sources: PlannedSource[] = []
  readonly rejecting: PlannedTask['rejects'][number][] = []
  readonly states: PlannedTask['states'][number][] = []
  pinned: ThreadId | undefined
  readonly #tables: PlanningTables
  readonly #promised: PromisedOutputs | undefined

  constructor(tables: PlanningTables, promised: PromisedOutputs | undefined) {
    this.#tables = tables
    this.#promised = promised
  }

  of(rdd: Dataset, partition: PartitionIndex): Plan {
    if (!rdd.storage) return rdd.plan(partition, this)
    const { persisted } = this.#tables
    const place = persisted.get(rdd.id, partition)
    const reading = place && persisted.reading(rdd.id, partition)
    if (reading) this.reads.push(reading)
    if (place?.in === 'memory') return { op: 'input', input: this.#reading([{ block: place.block }]) }
    if (place) return { op: 'input', input: this.#spilled(rdd.id, partition, place.file) }
    persisted.expect(rdd)
    const of = rdd.plan(partition, this)
    return { op: 'keep', of, input: this.#input({ in: 'keep', key: `${rdd.id}:${partition}` }) }
  }

  shuffle(dependency: ShuffleDependency, partition: PartitionIndex): number {
    const { partitioner } = dependency
    const dealt = partitioner.kind === 'deal' ? partitioner.partitions : undefined
    const outputs = this.#tables.outputs.complete(dependency)
    if (!outputs) {
      const places = this.#promised?.get(dependency.id)
      if (places) {
        this.promised.push(this.#tables.outputs.content(dependency))
        return this.#input({ in: 'exchange', ...places, partition, dealt })
      }
      this.missing.add(dependency)
      return -1
    }
    const now = outputs.map((block) => this.#tables.blocks.current(block))
    append(this.blocks, now)
    const of = this.#tables.outputs.content(dependency)
    this.reads.push({ of, version: of.version })
    return this.#input({ in: 'shuffle', outputs: now, partition, dealt })
  }

  source(source: SourcePartition): number {
    if (source.from === 'file') return this.#ranges(source, source.reading, [source.range])
    if (source.from === 'file-part') return this.#part(source)
    const input = this.#source(source)
    if (source.from !== 'range') this.sources.push({ input, rdd: source.rdd.id, partition: source.partition })
    return input
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
    const current = (block: BlockHandle) => this.#tables.blocks.current(block)
    const keys = rebuild?.keys.map(current) ?? []
    const snapshots = rebuild?.snapshots.map(current) ?? []
    append(this.blocks, keys)
    append(this.blocks, snapshots)
    return this.#input({
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

  rejects(rdd: RejectingDataset, partition: PartitionIndex): number {
    const { keep, outcomes } = rdd.rejecting
    const input = this.#input({ in: 'rejects', keep: keep ? this.#tables.deadLetterLimit : 0, outcomes })
    this.rejecting.push({ input, rdd, partition })
    return input
  }

  observe(place: ObservedPlace): number {
    return this.#input({ in: 'observe', ...place })
  }

  watermark(before: number): number {
    return this.#input({ in: 'watermark', before })
  }

  #source(source: Exclude<SourcePartition, { from: 'file' | 'file-part' }>): number {
    switch (source.from) {
      case 'values': {
        const block = this.#tables.values.blockOf(source.rdd, source.partition, source.values)
        return this.#reading(block ? [{ block }] : [])
      }
      case 'received':
        if (source.isFreed) throw freed(source.rdd)
        return this.#reading(source.slices as readonly BlockSlice[])
      case 'reader':
        return this.#input({
          in: 'partition',
          source: source.rdd.label,
          reader: source.reader,
          partition: source.input,
          rejects: source.rejects,
        })
      case 'range':
        return this.#input({ in: 'range', from: source.start, to: source.end, step: source.step })
    }
  }

  #part(source: Extract<SourcePartition, { from: 'file-part' }>): number {
    const { rdd, files, index, of } = source
    const found = this.#tables.fileInputs.filesOf(rdd)
    if (found) return this.#ranges(source, files.reading, partOf(found, files, index, of))
    this.unlisted.push({ rdd, files })
    return -1
  }

  #ranges(
    { rdd, partition, rejects }: FileSource,
    reading: FileReading | undefined,
    all: readonly FileRange[],
  ): number {
    const reads = this.#tables.fileInputs.readsOf(rdd)
    const { ranges, sum } = reads.plan(partition, all)
    const input = this.#input(
      reading
        ? { in: 'partition', source: rdd.label, reader: reading.reader, partition: { ranges }, rejects }
        : { in: 'files', ranges, sum },
    )
    this.sources.push({ input, rdd: rdd.id, partition, files: { reads, ranges } })
    return input
  }

  #reading(slices: readonly BlockSlice[]): number {
    const now = slices.map((slice) => ({ ...slice, block: this.#tables.blocks.current(slice.block) }))
    for (const { block } of now) this.blocks.push(block)
    return this.#input({ in: 'blocks', slices: now })
  }

  #spilled(rdd: number, partition: PartitionIndex, { id: file, path, length, crc }: StoredBlock): number {
    this.files.push(file)
    return this.#input({ in: 'spilled', file, path, length, crc, rdd, partition })
  }

  #input(input: TaskInput): number {
    return this.inputs.push(input) - 1
  }
}

function freed({ label }: Dataset): StateError {
  return new StateError(
    `The data that '${label}' received for this batch is freed: later batches read only what is persisted of it. To read datasets of older batches, call remember(duration) before start().`,
    { label },
  )
}
