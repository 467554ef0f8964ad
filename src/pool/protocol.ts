import type { MessagePort } from 'node:worker_threads'
import type { Observation, ObservedPlace, Plan, Program, VersionWatermarks } from '../ops/plan.js'
import type { FileRange } from '../ops/source.js'
import type { Answer } from './answer-wire.js'
import type { BlockHandle, BlockSlice } from './blocks/handle.js'
import type { WireError } from './error-wire.js'

/** Messages between the driver and a worker thread. Plain data; `PROTOCOL` changes whenever their meaning does. */
export const PROTOCOL = 4

/** What a thread is told before it is asked to do anything else. */
export interface AttachMessage {
  readonly type: 'attach'
  readonly protocol: number
  /** The thread's number: never used twice in a process, so it is also its epoch. */
  readonly thread: number
  /** The control plane's port (Comlink). */
  readonly control: MessagePort
  /** Shared words, see vitals.ts. */
  readonly vitals: SharedArrayBuffer
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
  /** Fault points at which a thread dies (tests and the stress command). */
  readonly faults?: readonly FaultPlan[]
}

/** Die at the `nth` passing of a fault point, counted over all threads in the shared word `passes`. */
export interface FaultPlan {
  readonly point: string
  readonly nth: number
  readonly passes: SharedArrayBuffer
  /** At a fault point of the process: 'SIGSTOP' stops it until somebody continues it. Default 'SIGKILL'. */
  readonly signal?: 'SIGKILL' | 'SIGSTOP'
}

export interface TaskId {
  readonly job: number
  readonly stage: number
  readonly partition: number
  readonly attempt: number
}

/** Tasks that a thread runs one after the other and answers together. */
export interface TasksMessage {
  readonly type: 'tasks'
  /** The addressee; a thread answers `stale` to tasks that are not its own. */
  readonly thread: number
  readonly tasks: readonly TaskMessage[]
}

export interface TaskMessage {
  readonly task: TaskId
  readonly batchTime?: number
  /** For practice only: what comes of it is dropped. */
  readonly rehearsal?: boolean
  /** Program number, and the program itself where this thread does not know it yet. */
  readonly program: number
  readonly define?: Program
  /** Programs that will not come again. */
  readonly undefine?: readonly number[]
  readonly inputs: readonly TaskInput[]
  readonly segments: readonly SegmentGrant[]
  /** Free segments that the thread may write into; they are its own until it returns them or dies. */
  readonly lend?: readonly SegmentGrant[]
  /** Changes of ownership that ride along. */
  readonly adopt?: readonly BlockHandle[]
  readonly release?: readonly number[]
  /** Segments that the driver has dropped. */
  readonly forget?: readonly number[]
  /** Of tasks that are sent together with those that read what they write. */
  readonly exchange?: TaskExchange
  /** Values of broadcast variables that the program uses and this thread does not have yet. */
  readonly broadcasts?: readonly { readonly id: number; readonly block: BlockHandle }[]
}

/** An `ExchangeBoard`; and the place on it that a map task is to fill. */
export interface TaskExchange {
  readonly board: SharedArrayBuffer
  readonly place?: number
}

export interface SegmentGrant {
  readonly id: number
  readonly memory: SharedArrayBuffer
}

/** What stands behind the slots of a program in one task. */
export type TaskInput =
  | { readonly in: 'blocks'; readonly slices: readonly BlockSlice[] }
  /** A kept partition that was written to a file. `file`: its id, which is negative, for reports. */
  | {
      readonly in: 'spilled'
      readonly file: number
      readonly path: string
      readonly length: number
      readonly crc: number
      readonly rdd: number
      readonly partition: number
    }
  /** Reads its part of every map output, in order. `dealt`: the number of parts of a shuffle that deals records evenly. */
  | {
      readonly in: 'shuffle'
      readonly outputs: readonly BlockHandle[]
      readonly partition: number
      readonly dealt?: number
    }
  /** The same of map outputs that are yet to be made: `count` places from `first` on, on the task's exchange board. */
  | {
      readonly in: 'exchange'
      readonly first: number
      readonly count: number
      readonly partition: number
      readonly dealt?: number
    }
  /** Lines of ranges of files, one after the other. `sum`: the checksum of their bytes, once a task has read them. */
  | { readonly in: 'files'; readonly ranges: readonly FileRange[]; readonly sum?: number }
  | { readonly in: 'range'; readonly from: number; readonly to: number; readonly step: number }
  /** Names the block that a `keep` writes. */
  | { readonly in: 'keep'; readonly key: string }
  /** What becomes of records whose function throws: so many of them are sent to the driver. All are counted. */
  | { readonly in: 'rejects'; readonly keep: number }
  /** Says whose event times the task observes. */
  | ({ readonly in: 'observe' } & ObservedPlace)
  /** What a window may have been given for already; -Infinity if nothing. */
  | { readonly in: 'watermark'; readonly before: number }
  | StateInput

/** Which version of kept state a task makes, and how to get the version before if this thread does not have it. */
export interface StateInput {
  readonly in: 'state'
  readonly operator: number
  readonly partition: number
  /** The version to start from; undefined at the beginning of the stream. */
  readonly from?: number
  /** The version to make: the batch time. */
  readonly to: number
  /** Look for keys that have been idle too long. */
  readonly scan: boolean
  /** Of state by event time. */
  readonly watermarks?: VersionWatermarks
  /** Write a snapshot of the new version; `full`: without reference to the ones before. */
  readonly snapshot: boolean | 'full'
  /** Make the version aside, from `rebuild`, and leave the thread's own state alone: an old version is asked for. */
  readonly detached?: boolean
  /** Present where the driver knows that the thread does not hold version `from`. */
  readonly rebuild?: StateRecipe & {
    readonly replay: readonly {
      readonly to: number
      readonly scan: boolean
      readonly watermarks?: VersionWatermarks
      readonly changes: readonly (readonly Plan[])[]
    }[]
  }
}

/** Snapshots that kept state is rebuilt from; without any, it begins empty. */
export interface StateRecipe {
  /** Keys, in the order of their ids: all of them, and those that came after. */
  readonly keys: readonly BlockHandle[]
  /** All values, and the increments after them. */
  readonly snapshots: readonly BlockHandle[]
  /** The last one's name. */
  readonly last: string | undefined
}

/** A block that a task wrote, and what it is. */
export interface WrittenBlock {
  readonly as: 'shuffle' | 'collect' | 'keep' | 'snapshot' | 'keys'
  /** The key of a `keep`, or `operator/partition/version` of a snapshot and its keys: a task may make several versions. */
  readonly key?: string
  /** Of a snapshot: whether it has all values, or continues the ones before. Of its keys: whether these are all. */
  readonly full?: boolean
  /** Of a snapshot: its name, and that of the snapshot before whose ids it uses. */
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
      /** What the task saw of event time; absent for most. */
      readonly observed?: readonly Observation[]
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
      /** The record that the task had read when it failed, where that is known. */
      readonly failedOn?: FailedRecord
      readonly memory: MemoryReport
      readonly missingState?: boolean
    }
  /** Not run: it was meant for another thread, or the map outputs that it was promised have not come. */
  | { readonly ok: 'stale' }

/** What an error says of a record. `record`: its text, cut short. `files`: the first of those that the task reads. */
export interface FailedRecord {
  readonly record: string
  readonly files: readonly string[]
  readonly moreFiles: boolean
}

/** Records that a step of a task gave up, as their function threw. */
export interface TaskRejects {
  readonly slot: number
  readonly operation: string
  readonly count: number
  /** The first of them. */
  readonly kept: readonly { readonly record: unknown; readonly error: RejectError }[]
}

/** What a function threw, as plain data. */
export interface RejectError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
}

/** What happened to the segments a thread writes into. */
export interface MemoryReport {
  /** Segments that the thread made itself; the driver takes them over. */
  readonly created: readonly SegmentGrant[]
  /** Segments that the thread will not write into any more. */
  readonly returned: readonly number[]
}

export interface TaskMetrics {
  /** Records read from each input slot. */
  readonly read: readonly number[]
  /** Checksums of what was read of files, by input slot. */
  readonly sums?: readonly (number | undefined)[]
  readonly runMs: number
  /** Kept partitions that were read from files, where there were any. */
  readonly loaded?: readonly LoadedFile[]
}

/** A kept partition that a task read from a file. */
export interface LoadedFile {
  readonly rdd: number
  readonly partition: number
  readonly bytes: number
  readonly ms: number
}

/** Calls that the driver makes over the control plane. */
export interface WorkerControl {
  /** Answers with the thread's number. */
  ping(): number
  /** Become an owner of these blocks. With `verify`, answers with the ids whose checksum is wrong. */
  adopt(blocks: readonly BlockHandle[], segments: readonly SegmentGrant[], verify: boolean): readonly number[]
  /** Copy these blocks into memory of this thread's own, and own the copies. */
  copy(
    blocks: readonly BlockHandle[],
    segments: readonly SegmentGrant[],
  ): { blocks: readonly BlockHandle[]; memory: MemoryReport }
  /** Give up these blocks, and forget these segments, which the driver has dropped. */
  release(blocks: readonly number[], segments: readonly number[]): void
  /** Ids of owned blocks, for tests and the storage view. */
  owned(): readonly number[]
  /** End the running task of this job where it awaits, abort the signals of its calls, and refuse its other tasks. */
  cancel(job: number): void
}
