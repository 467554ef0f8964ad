import type { Dataset } from '../ops/dataset.js'
import type { JobRunner } from '../ops/job-runner.js'
import type { StateRdd } from '../ops/rdd/state.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { WorkerBoot } from '../pool/protocol.js'
import type { DeadLetters } from './dead-letters/dead-letters.js'
import type { Events } from './events/events.js'
import type { SnapshotRows } from './state/snapshot-chain.js'
import type { StateSizes } from './state/state-sizes.js'
import type { StateTracker } from './state/state-tracker.js'
import type { LineageStep } from './status/lineage.js'
import type { ClusterStatus, MemoryStatus, PersistedStatus, ThreadStatus } from './status/streams-status.js'
import type { DriverBlocks } from './storage/driver-blocks.js'
import type { MemoryGovernor } from './storage/memory-governor.js'
import type { PersistedLocation } from './storage/persisted-partitions.js'
import type { SettledDataset } from './storage/settled-dataset.js'
import type { StreamListener } from './stream-port.js'

/** The versions of keyed state, as streams and checkpoints use them. */
export type StateVersions = Pick<StateTracker, 'drop' | 'restore' | 'saving' | 'sizes' | 'unmade'>

/** A version of an operator's state whose snapshots a checkpoint saves. */
export interface SnapshotRequest {
  readonly operator: number
  readonly label: string
  readonly version: number
  /** Undefined for a version of an earlier process, which has its snapshots. */
  readonly rdd: StateRdd<unknown> | undefined
  /** Whether the files of the checkpoint directory have a block. Its bytes are not needed then. */
  isSaved(block: BlockHandle): boolean
}

/** The snapshots from which each partition of a version can be rebuilt. */
export interface TakenSnapshots {
  readonly partitions: readonly SnapshotRows[]
  /** Frees blocks that only the caller needs. */
  release(): void
}

/** The room for data in the driver's memory, as receivers use it. */
export type DriverMemory = Pick<MemoryGovernor, 'isFull' | 'makeRoom' | 'onRoom'>

/** The threads, memory and persisted data of an engine at one moment. */
export interface EngineStatus {
  readonly threads: readonly ThreadStatus[]
  /** Of an engine whose tasks run in other processes. */
  readonly cluster?: ClusterStatus
  readonly memory: Omit<MemoryStatus, 'persisted' | 'state' | 'heap' | 'resident'>
  readonly persisted: readonly PersistedStatus[]
}

/** The datasets from which a partition is computed; `truncated` if there are more. */
export interface DatasetLineage {
  readonly steps: readonly LineageStep[]
  readonly truncated: boolean
}

/**
 * Runs the jobs of one context and stores their data. Contexts, streams, checkpoints and the live page know an engine by
 * these members only. `LocalEngine` runs jobs in threads of this process.
 */
export interface Engine extends JobRunner {
  readonly events: Events
  readonly deadLetters: DeadLetters
  readonly states: StateVersions
  readonly stateSizes: StateSizes
  /** The blocks that the driver itself reads and writes: received data, and data of checkpoints. */
  readonly driver: DriverBlocks
  readonly memory: DriverMemory
  /** Makes a pipeline module ready for workers. Resolves with the URL from which the driver must load it. */
  preparePipeline(url: string): Promise<string>
  /** Sets the pipeline module that every worker loads. Call it before the engine starts. */
  setPipeline(pipeline: NonNullable<WorkerBoot['pipeline']>): void
  /** Attaches the streams that run on this engine. */
  attach(streams: StreamListener): void
  /** Starts the workers, if they are not started yet. */
  open(): Promise<void>
  /** Frees everything stored for a dataset, because no later batch reads it. */
  release(rdd: Dataset): void
  /** Whether workers share the memory of the driver, so that it can read what they have persisted. */
  readonly sharesMemory: boolean
  /** Returns the location of a persisted partition; undefined if it is not persisted, or not in this process. */
  locationOf(rdd: Dataset, partition: number): PersistedLocation | undefined
  /** Returns a persisted dataset that needs its received data no more; undefined if it needs it, or may need it. */
  settled(rdd: Dataset): SettledDataset | undefined
  /** Registers blocks that the driver wrote as the partitions of a dataset. They live as long as the dataset. */
  attachBlocks(rdd: Dataset, blocks: readonly BlockHandle[]): void
  /** Resolves with the snapshots of a version. Writes or collects those that the driver lacks. */
  snapshots(request: SnapshotRequest): Promise<TakenSnapshots>
  /** Returns what a partition is computed from. Runs no job. */
  lineageOf(rdd: Dataset, partition: number): DatasetLineage
  status(): EngineStatus
  /** Kills the worker thread in a slot, as if it had crashed. Resolves when it has exited. */
  terminateThread(slot: number): Promise<void>
  /** Cancels running jobs and stops the workers. Removes all files. */
  close(): Promise<void>
}
