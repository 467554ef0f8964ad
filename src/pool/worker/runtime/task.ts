import type { AnyFunction, FnRef } from '../../../ops/functions/ref.js'
import type { Observation } from '../../../ops/plan.js'
import type { TaskContext } from '../../../ops/task-context.js'
import type { ByteWriter } from '../../blocks/byte-writer.js'
import type { BlockCodec, BlockHandle } from '../../blocks/handle.js'
import type { Lifetime } from '../../blocks/segment-writer.js'
import type { TextKernels } from '../../kernels/text-kernels.js'
import type { StateSize, WrittenBlock } from '../../protocol.js'
import type { Meter } from '../operators/meter.js'
import type { StateStore } from '../state/store.js'
import type { KeptPartners } from '../tables/kept-partners.js'
import type { Cancellation } from './cancellation.js'
import type { LocalInput } from './local-input.js'
import type { SegmentTable } from './segment-table.js'

/** The services of a thread for the programs that it compiles. */
export interface ThreadServices {
  readonly segments: SegmentTable
  readonly states: StateStore
  /** The right sides of joins that tasks read again. */
  readonly kept: KeptPartners
  readonly codegen: boolean
  /** Whether a map task may write its output as several blocks, in the order of its records. */
  readonly writesPieces: boolean
  /** Created on first use. Undefined if they were not built: functions do the same work. */
  readonly kernels: TextKernels | undefined
  /** Scratch buffer for encoding, used from reset to write only. */
  readonly scratch: ByteWriter
  resolve(fn: FnRef): AnyFunction
  /** Seals the scratch's bytes as a block. */
  seal(codec: BlockCodec, count: number, lifetime: Lifetime): BlockHandle
}

/** One running task: its inputs and its results. */
export interface Task {
  readonly partition: number
  readonly batchTime: number | undefined
  /** Partitions of direct sources are replaced by their pieces before the program starts. */
  inputs: readonly LocalInput[]
  readonly meter: Meter
  /** The task as functions of users see it. */
  readonly context: TaskContext
  /** For async steps. */
  readonly cancellation: Cancellation
  /** Records read from each input. */
  readonly read: number[]
  /** Checksums of the bytes read from files, by input. */
  readonly sums: (number | undefined)[]
  readonly written: WrittenBlock[]
  /** The task's observations of event time. */
  readonly observed: Observation[]
  /** The sizes of the state that the task has computed. */
  readonly states: StateSize[]
  /** The records of async steps, by their number in the program. Later steps read them. */
  readonly asyncResults: (readonly unknown[])[]
}

/** Runs a part of a task. Attributes its error to the operation `label`, unless an inner part has attributed it. */
export function labelled<R>(task: Task, label: string, run: () => R): R {
  try {
    return run()
  } catch (error) {
    task.meter.failedAt ??= label
    throw error
  }
}

/** Like `labelled`, for a part that may return a promise. */
export function labelledLater<R>(task: Task, label: string, run: () => R | Promise<R>): R | Promise<R> {
  const made = labelled(task, label, run)
  if (!(made instanceof Promise)) return made
  return made.catch((error: unknown) => {
    task.meter.failedAt ??= label
    throw error
  })
}
