import type { FileRange } from '../../files/identity.js'
import type { FileId, PartitionIndex, ThreadId } from '../../ids.js'
import type { RejectingDataset, ShuffleDependency } from '../../ops/dataset.js'
import type { Program } from '../../ops/plan.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { TaskInput } from '../../pool/protocol.js'
import type { Content, Reading } from '../storage/content-versions.js'
import type { UnlistedFiles } from './file-inputs.js'
import type { FileReads } from './file-reads.js'

/** A planned task: its program, its inputs, and its thread. */
export interface PlannedTask {
  readonly program: Program
  readonly inputs: readonly TaskInput[]
  /** The blocks that the task reads. */
  readonly blocks: readonly BlockHandle[]
  /** The files of persisted partitions that the task reads. */
  readonly files: readonly FileId[]
  /** The versions of the data that it reads. The partitions that it persists are added when it is done. */
  readonly reads: Reading[]
  /** Promised map outputs, in the order of the inputs. The task reports their checksums. */
  readonly promised: readonly Content[]
  /** The thread with the task's state; `undefined`: any thread. */
  readonly pinned: ThreadId | undefined
  /** Inputs that read a source, whose records are counted once. */
  readonly sources: readonly PlannedSource[]
  /** Inputs of steps that turn records into dead letters. */
  readonly rejects: readonly {
    readonly input: number
    readonly rdd: RejectingDataset
    readonly partition: PartitionIndex
  }[]
  /** State versions that the task computes. */
  readonly states: readonly {
    readonly operator: number
    readonly partition: PartitionIndex
    readonly partitions: number
    readonly version: number
    readonly detached: boolean
    /** The number of replayed versions; `undefined` if the thread has the previous version. */
    readonly rebuilt: number | undefined
  }[]
}

export interface PlannedSource {
  readonly input: number
  readonly rdd: number
  readonly partition: PartitionIndex
  /** Set if the input reads files. */
  readonly files?: { readonly reads: FileReads; readonly ranges: readonly FileRange[] }
}

/**
 * The missing inputs of a task: shuffles with missing map outputs, and listings of files. They must be computed before
 * the task can be planned.
 */
export class MissingInputs {
  readonly dependencies: readonly ShuffleDependency[]
  readonly files: readonly UnlistedFiles[]
  constructor(dependencies: readonly ShuffleDependency[], files: readonly UnlistedFiles[]) {
    this.dependencies = dependencies
    this.files = files
  }
}
