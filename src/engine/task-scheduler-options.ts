import type { BlockCorruptError, FileChangedError, MemoryLimitError } from '../errors.js'
import type { Program } from '../ops/plan.js'
import type { MemoryReport, TaskResult } from '../pool/protocol.js'
import type { ThreadPool } from '../pool/thread-pool.js'
import type { Events } from './events.js'
import type { Exchanges } from './exchange.js'
import type { LeftOut } from './file-reads.js'
import type { PlannedTask } from './planner.js'
import type { Speculation } from './straggler-watch.js'
import type { Taken } from './take-answer.js'
import type { TaskMessagesOptions } from './task-messages.js'

export interface TaskSchedulerOptions extends TaskMessagesOptions {
  readonly pool: ThreadPool
  readonly events: Events
  readonly taskTimeoutMs: number
  readonly speculation: Speculation | undefined
  /** Of which programs the thread in reserve may run copies of tasks, for practice; undefined: of none. */
  readonly rehearse: ((program: Program) => boolean) | undefined
  /** Whether there is memory for the inputs of such copies. */
  readonly roomy: () => boolean
  readonly exchanges: Exchanges
  /** State that a thread turned out not to have. */
  readonly onMissingState: (planned: PlannedTask) => void
  /** What a thread says of its memory. */
  readonly onReport: (thread: number, report: MemoryReport) => void
  /** Why no more memory can be used, if so; or that it comes free soon, and `threadsChanged` is called then. */
  readonly overLimit: () => MemoryLimitError | 'wait' | undefined
  /** Decodes what a task brings to the driver. Throws if it cannot be decoded. */
  readonly take: (result: TaskResult & { ok: true }) => Taken
  /** A file is not the one that was planned. Returns whether tasks are planned again without it, and since when. */
  readonly onFileChanged: (planned: PlannedTask, error: FileChangedError) => LeftOut | undefined
  /** A map task may have handed its output to others of its group, and the driver does not have it. */
  readonly onOutputAstray: () => void
  /** A file of a kept partition is not what it should be: it must not be planned again. */
  readonly onUnreadableFile: (file: number, error: BlockCorruptError) => void
}
