import type { ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { SegmentLending } from '../../pool/blocks/segment-lending.js'
import type { TaskMessage } from '../../pool/protocol.js'
import type { Events } from '../events/events.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { ProgramTable } from './program-table.js'
import type { Attempt } from './task.js'

/** Blocks of broadcast variables. */
export interface BroadcastSender {
  /** Returns the blocks of those variables that the thread does not have. The caller must send them. */
  takeFor(thread: ThreadId, ids: readonly number[]): readonly { readonly id: number; readonly block: BlockHandle }[]
}

export interface TaskMessagesOptions {
  readonly blocks: BlockManager
  readonly lending: SegmentLending
  readonly broadcasts: BroadcastSender
  readonly events: Events
}

/** Builds the message of a task, with everything that its thread needs and does not have. */
export class TaskMessages {
  readonly #options: TaskMessagesOptions
  readonly #programs: ProgramTable

  constructor(options: TaskMessagesOptions, programs: ProgramTable) {
    this.#options = options
    this.#programs = programs
  }

  /** Every message must be sent, in the order of the calls: later messages assume that the thread has its contents. */
  of(thread: ThreadId, attempt: Attempt): TaskMessage {
    const { task, number, planned, program: queued, warmUp, exchange, place } = attempt
    const { job, stage, partition } = task.spec
    const { blocks, broadcasts, events } = this.#options
    const programs = this.#programs
    // The table may have evicted the program since the attempt was queued.
    const program = programs.has(queued) ? queued : programs.number(planned.program)
    const used = programs.broadcasts(program)
    const shipped = used.length > 0 ? broadcasts.takeFor(thread, used) : undefined
    const updates = blocks.takeUpdates(thread)
    if (updates) blocks.returnCopies(thread, updates)
    const needed = [...planned.blocks, ...(updates?.adopt ?? []), ...(shipped?.map(({ block }) => block) ?? [])]
    const segments = needed.map(({ segment }) => segment)
    if (exchange && planned.promised.length > 0) for (const { id } of exchange.segments) segments.push(id)
    return {
      task: { job: job.id, stage: stage.id, partition, attempt: number },
      batchTime: job.batchTime,
      warmUp,
      sample: (!warmUp && events.observes('operationsSampled') && programs.takeSample(program)) || undefined,
      program,
      define: programs.define(thread, program),
      undefine: programs.undefine(thread),
      inputs: planned.inputs,
      segments: blocks.grants(thread, segments),
      lend: exchange ? exchange.takeLent(thread) : this.lend(thread),
      adopt: updates?.adopt,
      release: updates?.release,
      forget: updates?.forget,
      broadcasts: shipped,
      exchange: exchange && { board: exchange.board.memory, place },
    }
  }

  /** Takes free segments for a thread, which owns them from now on. */
  lend(thread: ThreadId): TaskMessage['lend'] {
    const { blocks, lending } = this.#options
    const grants = lending.take(thread)
    if (grants) blocks.knows(thread, grants)
    return grants
  }
}
