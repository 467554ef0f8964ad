import type { AnyFunction, FnRef } from '../../ops/functions/ref.js'
import type { ByteWriter } from '../blocks/byte-writer.js'
import type { BlockCodec, BlockHandle } from '../blocks/handle.js'
import type { Lifetime } from '../blocks/segment-writer.js'
import type { TaskInput, WrittenBlock } from '../protocol.js'
import type { Meter } from './loop.js'
import type { SegmentTable } from './segment-table.js'
import type { StateStore } from './state/store.js'

/** What a thread offers to the programs that it compiles. */
export interface ThreadServices {
  readonly segments: SegmentTable
  readonly states: StateStore
  readonly codegen: boolean
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
  /** Records read from each input slot. */
  readonly read: number[]
  readonly written: WrittenBlock[]
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
