import type { MessagePort } from 'node:worker_threads'
import type { FileSystemsOptions } from '../files/file-systems.js'
import type { FileRange } from '../files/identity.js'
import type { BatchTime, BlockId, FileId, PartitionIndex, SegmentId, ThreadId } from '../ids.js'
import type { Observation, ObservedPlace, Plan, Program, VersionWatermarks } from '../ops/plan.js'
import type { ReaderRef } from '../ops/source.js'
import type { Answer } from './answer-wire.js'
import type { BlockHandle, BlockSlice } from './blocks/handle.js'
import type { WireError } from './error-wire.js'
import type { FaultPoint } from './fault-points.js'

/** Messages between the driver and a worker thread. Plain data; `PROTOCOL` changes whenever their meaning does. */
export const PROTOCOL = 5

/** The first message to a thread. */
export interface AttachMessage {
  readonly type: 'attach'
  readonly protocol: number
  /** The thread's number. It is never used twice in a process, so it is also the thread's epoch. */
  readonly thread: ThreadId
  /** The control plane's port (Comlink). */
  readonly control: MessagePort
  /** Shared words, see thread-status.ts. */
  readonly status: SharedArrayBuffer
  readonly boot: WorkerBoot
}

export interface WorkerBoot {
  /** The pipeline module to load, with the fingerprint that the thread's own graph must have. */
  readonly pipeline?: {
    readonly url: string
    readonly params: { readonly params: unknown; readonly batchInterval: number; readonly parallelism: number }
    readonly fingerprint: readonly string[]
  }
  /** False: operations are composed from closures instead of compiled into one loop. */
  readonly codegen: boolean
  /** Whether readers of a shuffle take several blocks of a map task, one after the other. */
  readonly writesPieces?: boolean
  /** The option `fileSystems` of the context. */
  readonly fileSystems: FileSystemsOptions
  /** Set if state may exceed its share of memory: each thread writes the rest to its folder below this one. */
  readonly stateSpill?: { readonly share: number; readonly folder: string }
  /** Fault points at which a thread dies (tests and the stress command). */
  readonly faults?: readonly FaultPlan[]
}

/** Dies when a fault point is passed for the `nth` time, counted over all threads in the shared word `passes`. */
export interface FaultPlan {
  readonly point: FaultPoint
  readonly nth: number
  readonly passes: SharedArrayBuffer
  /** At a fault point of the process: 'SIGSTOP' stops it until it gets SIGCONT. Default 'SIGKILL'. */
  readonly signal?: 'SIGKILL' | 'SIGSTOP'
}

export interface TaskId {
  readonly job: number
  readonly stage: number
  readonly partition: PartitionIndex
  readonly attempt: number
}

/** Tasks that a thread runs one after the other and answers together. */
export interface TasksMessage {
  readonly type: 'tasks'
  /** The addressee. A thread answers `stale` to tasks of another thread. */
  readonly thread: ThreadId
  readonly tasks: readonly TaskMessage[]
}

export interface TaskMessage {
  readonly task: TaskId
  readonly batchTime?: BatchTime
  /** The task is a warm-up copy: the driver drops its results. */
  readonly warmUp?: boolean
  /** The task measures its operations. */
  readonly sample?: boolean
  /** Program number, and the program itself if this thread does not know it yet. */
  readonly program: number
  readonly define?: Program
  /** Programs that the thread can forget. */
  readonly undefine?: readonly number[]
  readonly inputs: readonly TaskInput[]
  readonly segments: readonly SegmentGrant[]
  /** Free segments into which the thread may write until it returns them or dies. */
  readonly lend?: readonly SegmentGrant[]
  /** Ownership updates that are sent with the task. */
  readonly adopt?: readonly BlockHandle[]
  readonly release?: readonly BlockId[]
  /** Segments that the driver has dropped. */
  readonly forget?: readonly SegmentId[]
  /** Present for map tasks that are sent together with their readers. */
  readonly exchange?: TaskExchange
  /** Partitions of keyed state that the thread drops, because it will not be asked for them. */
  readonly dropStates?: readonly { readonly operator: number; readonly partition: PartitionIndex }[]
  /** Values of broadcast variables that the program uses and this thread lacks. */
  readonly broadcasts?: readonly { readonly id: number; readonly block: BlockHandle }[]
}

/** An `ExchangeBoard`, and the entry that a map task fills. */
export interface TaskExchange {
  readonly board: SharedArrayBuffer
  readonly place?: number
}

export interface SegmentGrant {
  readonly id: SegmentId
  readonly memory: SharedArrayBuffer
}

/** One input of a program, in one task. */
export type TaskInput =
  | { readonly in: 'blocks'; readonly slices: readonly BlockSlice[] }
  /** A spilled partition. `file` names its file in errors. */
  | {
      readonly in: 'spilled'
      readonly file: FileId
      readonly path: string
      readonly length: number
      readonly crc: number
      readonly rdd: number
      readonly partition: PartitionIndex
    }
  /**
   * Reads its part of every map output, in order. `dealt`: the number of parts, if the shuffle deals records evenly.
   */
  | {
      readonly in: 'shuffle'
      readonly outputs: readonly BlockHandle[]
      readonly partition: PartitionIndex
      readonly dealt?: number
    }
  /** The same for promised map outputs: `count` entries from `first` on, on the task's exchange board. */
  | {
      readonly in: 'exchange'
      readonly first: number
      readonly count: number
      readonly partition: PartitionIndex
      readonly dealt?: number
    }
  /** Lines of ranges of files, one after the other. `sum`: the checksum of their bytes, once a task has read them. */
  | { readonly in: 'files'; readonly ranges: readonly FileRange[]; readonly sum?: number }
  /** A partition of a direct source, as its reader understands it. */
  | {
      readonly in: 'partition'
      /** The name of the source. */
      readonly source: string
      readonly reader: ReaderRef
      readonly partition: object
      /** The input that receives records which the reader rejects; without it, they fail the task. */
      readonly rejects: number | undefined
    }
  | { readonly in: 'range'; readonly from: number; readonly to: number; readonly step: number }
  /** Names the block that a `keep` writes. */
  | { readonly in: 'keep'; readonly key: string }
  /**
   * Drops records whose function throws, or that a reader rejects. Counts all of them, and sends at most `keep` to the
   * driver. `outcomes`: whether the reader's input has them in their places.
   */
  | { readonly in: 'rejects'; readonly keep: number; readonly outcomes?: boolean }
  /** The stream whose event times the task observes. */
  | ({ readonly in: 'observe' } & ObservedPlace)
  /** The watermark up to which windows may have been emitted; -Infinity if there is none. */
  | { readonly in: 'watermark'; readonly before: number }
  | StateInput

/** The version of state that a task computes, and how to rebuild the previous version if this thread lacks it. */
export interface StateInput {
  readonly in: 'state'
  readonly operator: number
  /** The number by which the task reports on the state, where it is not that of the operator. */
  readonly stream?: number
  readonly partition: PartitionIndex
  /** The version from which to start; undefined at the beginning of the stream. */
  readonly from?: number
  /** The version to compute: the batch time. */
  readonly to: number
  /**
   * Set where several engines may have state of one name and version: the last snapshot of version `from`. Other state that this thread
   * holds is not used.
   */
  readonly last?: string
  /** Whether to search for keys whose timeout has passed. */
  readonly scan: boolean
  /** The watermarks; only for state by event time. */
  readonly watermarks?: VersionWatermarks
  /** Whether to write a snapshot of the new version; `full`: without reference to the previous ones. */
  readonly snapshot: boolean | 'full'
  /** Whether to compute an old version from `rebuild`, without changing the thread's own state. */
  readonly detached?: boolean
  /** Set if the driver knows that the thread does not have version `from`. */
  readonly rebuild?: StateRecipe & {
    readonly replay: readonly {
      readonly to: number
      readonly scan: boolean
      readonly watermarks?: VersionWatermarks
      readonly changes: readonly (readonly Plan[])[]
    }[]
  }
}

/** Snapshots from which state is rebuilt; without any, it starts empty. */
export interface StateRecipe {
  /** Keys in the order of their ids: all of them, then the later ones. */
  readonly keys: readonly BlockHandle[]
  /** All values, and the increments after them. */
  readonly snapshots: readonly BlockHandle[]
  /** The name of the last snapshot. */
  readonly last: string | undefined
}

/** A block that a task wrote, and its purpose. */
export interface WrittenBlock {
  readonly as: 'shuffle' | 'collect' | 'keep' | 'snapshot' | 'keys' | 'late'
  /**
   * The key of a `keep`, or `operator/partition/version` of a snapshot and its keys, because a task may compute several
   * versions.
   */
  readonly key?: string
  /**
   * For a snapshot: whether it contains all values, or continues the previous ones. For its keys: whether they are all
   * keys.
   */
  readonly full?: boolean
  /** For a snapshot: its name, and the name of the previous snapshot, whose ids it uses. */
  readonly name?: string
  readonly after?: string
  readonly block: BlockHandle
}

export type TaskResult =
  | {
      readonly ok: true
      readonly answer: Answer
      /** Additions to accumulators, packed. */
      readonly added?: Answer
      readonly rejects?: readonly TaskRejects[]
      /** The task's observations of event time; absent for most tasks. */
      readonly observed?: readonly Observation[]
      /** The sizes of the state that it has computed; absent for most tasks. */
      readonly states?: readonly StateSize[]
      readonly stateFaults?: readonly StateFault[]
      readonly stateHeld?: SpilledState
      readonly written: readonly WrittenBlock[]
      /** Checksums of the map outputs that it took from its exchange board, in the order of its inputs. */
      readonly took?: readonly number[]
      readonly memory: MemoryReport
      readonly metrics: TaskMetrics
    }
  | {
      readonly ok: false
      readonly error: WireError
      readonly label?: string
      /** The record that the task had read when it failed, if known. */
      readonly failedOn?: FailedRecord
      readonly memory: MemoryReport
      readonly missingState?: boolean
      readonly stateFaults?: readonly StateFault[]
      readonly stateHeld?: SpilledState
    }
  /**
   * The task did not run: it was meant for another thread, its promised map outputs did not arrive, or the driver took it back. In
   * the last two cases the thread has the rest of its message.
   */
  | { readonly ok: 'stale' }

/** A file of state that could not be written or read. `bytes`: the partition's in memory. */
export interface StateFault {
  readonly operation: 'write' | 'read'
  readonly bytes: number
  readonly error: WireError
}

/** The state that a thread with `stateMemory` holds, in bytes: in its memory, and only in files. */
export interface SpilledState {
  readonly memory: number
  readonly files: number
}

/** The size of a partition of state at a version. */
export interface StateSize {
  readonly operator: number
  readonly partition: PartitionIndex
  readonly version: number
  readonly keys: number
  /** Keys that the version added, changed or removed. */
  readonly updated: number
}

/** The record that an error names. `record`: its text, truncated. `files`: the first files that the task reads. */
export interface FailedRecord {
  readonly record: string
  readonly files: readonly string[]
  readonly moreFiles: boolean
}

/** Records that a step of a task dropped because their function threw. */
export interface TaskRejects {
  readonly input: number
  readonly operation: string
  readonly count: number
  /** The first dropped records. */
  readonly kept: readonly { readonly record: Answer; readonly error: RejectError }[]
}

/** The value that a function threw, as plain data. */
export interface RejectError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
}

/** Changes of the segments that a thread writes into. */
export interface MemoryReport {
  /** Segments that the thread created; the driver owns them from now on. */
  readonly created: readonly SegmentGrant[]
  /** Segments into which the thread will not write any more. */
  readonly returned: readonly SegmentId[]
}

/** An operation inside a task. Records and ms are estimated from the first records of the task. */
export interface OperationFigures {
  /** The operation, with the number of its stream: `map#3`. */
  readonly label: string
  readonly recordsIn: number
  readonly recordsOut: number
  /** Ms in the functions of the operation. */
  readonly ms: number
}

export interface TaskMetrics {
  /** Records read from each input. */
  readonly read: readonly number[]
  /** Checksums of the bytes read from files, by input. */
  readonly sums?: readonly (number | undefined)[]
  readonly runMs: number
  /** For a task that measures its operations. */
  readonly operations?: readonly OperationFigures[]
  /** Persisted partitions that were read from files, if any. */
  readonly loaded?: readonly LoadedFile[]
}

/** A persisted partition that a task read from a file. */
export interface LoadedFile {
  readonly rdd: number
  readonly partition: PartitionIndex
  readonly bytes: number
  readonly ms: number
}

/** Calls that the driver makes over the control plane. */
export interface WorkerControl {
  /** Answers with the thread's number. */
  ping(): number
  /** Become an owner of these blocks. With `verify`, answers with the ids whose checksum is wrong. */
  adopt(blocks: readonly BlockHandle[], segments: readonly SegmentGrant[], verify: boolean): readonly BlockId[]
  /** Copy these blocks into this thread's own memory, and own the copies. Undefined in place of one whose checksum is wrong. */
  copy(
    blocks: readonly BlockHandle[],
    segments: readonly SegmentGrant[],
  ): { blocks: readonly (BlockHandle | undefined)[]; memory: MemoryReport }
  /** Drop these blocks, and forget these segments, which the driver has dropped. */
  release(blocks: readonly BlockId[], segments: readonly SegmentId[]): void
  /** Ids of owned blocks, for tests and the storage view. */
  owned(): readonly BlockId[]
  /** End the running task of this job if it awaits, abort the signals of its calls, and refuse its other tasks. */
  cancel(job: number): void
  /** Close the connections of readers and writers: the thread is about to end. */
  closeResources(): Promise<void>
}
