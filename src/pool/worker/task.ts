import type { AnyFunction, FnRef } from '../../ops/functions/ref.js'
import type { Observation } from '../../ops/plan.js'
import type { ByteWriter } from '../blocks/byte-writer.js'
import type { BlockCodec, BlockHandle } from '../blocks/handle.js'
import type { Lifetime } from '../blocks/segment-writer.js'
import type { TextKernels } from '../kernels/text-kernels.js'
import type { TaskInput, WrittenBlock } from '../protocol.js'
import type { Cancellation } from './cancellation.js'
import type { Meter } from './loop.js'
import type { SegmentTable } from './segment-table.js'
import type { StateStore } from './state/store.js'

/** What a thread offers to the programs that it compiles. */
export interface ThreadServices {
  readonly segments: SegmentTable
  readonly states: StateStore
  readonly codegen: boolean
  /** Made when first asked for. Undefined where they were not built: functions do the same work. */
  readonly kernels: TextKernels | undefined
  /** Scratch for encoding; used from reset to write, never kept. */
  readonly scratch: ByteWriter
  resolve(fn: FnRef): AnyFunction
  /** Seals the scratch's bytes as a block. */
  seal(codec: BlockCodec, count: number, lifetime: Lifetime): BlockHandle
}

/** One running task: its inputs, and what it leaves behind. */
export interface Task {
  readonly partition: number
  readonly batchTime: number | undefined
  readonly inputs: readonly TaskInput[]
  readonly meter: Meter
  /** For the parts that await. */
  readonly cancellation: Cancellation
  /** Records read from each input slot. */
  readonly read: number[]
  /** Checksums of what was read of files, by input slot. */
  readonly sums: (number | undefined)[]
  readonly written: WrittenBlock[]
  /** What the task sees of event time. */
  readonly observed: Observation[]
  /** What the steps that await came to, by their number in the program; read by the steps after them. */
  readonly settled: (readonly unknown[])[]
}

/** Runs a part of a task; if it throws, the error is of the operation `label` unless a part inside has said so. */
export function labelled<R>(task: Task, label: string, run: () => R): R {
  try {
    return run()
  } catch (error) {
    task.meter.failedAt ??= label
    throw error
  }
}

/** As `labelled`, for a part that may return a promise. */
export function labelledLater<R>(task: Task, label: string, run: () => R | Promise<R>): R | Promise<R> {
  const made = labelled(task, label, run)
  if (!(made instanceof Promise)) return made
  return made.catch((error: unknown) => {
    task.meter.failedAt ??= label
    throw error
  })
}
