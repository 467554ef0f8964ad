import type { PoolThread } from '../pool/pool-thread.js'
import type { TaskMessage } from '../pool/protocol.js'
import type { BlockManager } from './block-manager.js'
import type { ProgramTable } from './program-table.js'
import type { Attempt } from './task.js'

export interface TaskMessagesOptions {
  readonly blocks: BlockManager
  readonly programs: ProgramTable
  /** Free memory that a thread may be lent along with a task. */
  readonly lend: (thread: number) => TaskMessage['lend']
  /** Blocks of broadcast variables that the thread does not have yet. */
  readonly broadcasts: (thread: number, ids: readonly number[]) => NonNullable<TaskMessage['broadcasts']>
}

/** Writes what a thread is told of a task: with it goes everything that the thread must know and does not know yet. */
export class TaskMessages {
  readonly #options: TaskMessagesOptions

  constructor(options: TaskMessagesOptions) {
    this.#options = options
  }

  /** Each message must be sent, and in this order: what it says is taken to be known from now on. */
  of(thread: PoolThread, attempt: Attempt): TaskMessage {
    const { task, number, planned, program: queued, rehearsal, exchange, place } = attempt
    const { job, stage, partition } = task.spec
    const { blocks, programs, lend, broadcasts } = this.#options
    // A thousand others may have come since it was queued.
    const program = programs.has(queued) ? queued : programs.number(planned.program)
    const news = blocks.takeNews(thread.id)
    if (news) blocks.leaveCopies(thread.id, news)
    const used = programs.broadcasts(program)
    const shipped = used.length > 0 ? broadcasts(thread.id, used) : undefined
    const needed = [...planned.blocks, ...(news?.adopt ?? []), ...(shipped?.map(({ block }) => block) ?? [])]
    const segments = needed.map(({ segment }) => segment)
    if (exchange && place === undefined) for (const { id } of exchange.segments) segments.push(id)
    return {
      task: { job: job.id, stage: stage.id, partition, attempt: number },
      batchTime: job.batchTime,
      rehearsal,
      program,
      define: programs.define(thread.id, program),
      undefine: programs.undefine(thread.id),
      inputs: planned.inputs,
      segments: blocks.grants(thread.id, segments),
      lend: exchange ? exchange.takeLent(thread.id) : lend(thread.id),
      adopt: news?.adopt,
      release: news?.release,
      forget: news?.forget,
      broadcasts: shipped,
      exchange: exchange && { board: exchange.board.memory, place },
    }
  }
}
