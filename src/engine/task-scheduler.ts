import { JobCancelledError, TaskFailedError, ThreadLostError } from '../errors.js'
import { decodeError } from '../pool/error-wire.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { MemoryReport, TaskId, TaskMessage, TaskResult } from '../pool/protocol.js'
import type { ThreadPool } from '../pool/thread-pool.js'
import { PROGRESS } from '../pool/vitals.js'
import type { BlockManager } from './block-manager.js'
import type { Events } from './events.js'
import { MissingOutputs, type PlannedTask } from './planner.js'
import type { ProgramTable } from './program-table.js'

/** A job as its tasks see it. */
export interface Job {
  readonly id: number
  readonly batchTime: number | undefined
  cancelled: boolean
}

export interface TaskSpec {
  readonly job: Job
  readonly stage: number
  readonly partition: number
  /** What the task is part of, for errors: `reduceByKey#3`. */
  readonly label: string
  /** Plans the task anew for each attempt, as blocks and state may have moved. */
  plan(): PlannedTask | MissingOutputs
}

export interface TaskDone {
  readonly planned: PlannedTask
  readonly result: TaskResult & { ok: true }
  readonly thread: number
}

interface Queued {
  readonly spec: TaskSpec
  planned: PlannedTask
  attempt: number
  failures: number
  readonly resolve: (done: TaskDone | MissingOutputs) => void
  readonly reject: (error: unknown) => void
}

interface Running {
  readonly queued: Queued
  /** Last progress seen, and when. */
  progress: number
  seenAt: number
}

export interface TaskSchedulerOptions {
  readonly pool: ThreadPool
  readonly blocks: BlockManager
  readonly programs: ProgramTable
  readonly events: Events
  readonly maxFailures: number
  readonly taskTimeoutMs: number
  /** Free memory that a thread may be lent along with a task. */
  readonly lend: (thread: number) => TaskMessage['lend']
  /** Blocks of broadcast variables that the thread does not have yet. */
  readonly broadcasts: (thread: number, ids: readonly number[]) => NonNullable<TaskMessage['broadcasts']>
  /** State that a thread turned out not to have. */
  readonly onMissingState: (planned: PlannedTask) => void
  /** What a thread says of its memory. */
  readonly onReport: (thread: number, report: MemoryReport) => void
}

/** Tasks beyond the running one that a thread is given, so that it never waits for the driver. */
const WAITING = 1

/**
 * Gives tasks to threads. One queue for tasks that may run anywhere, taken by whichever thread has room (blocks are in
 * shared memory, so no place is better than another), and one a thread for tasks whose state is there. A task is tried
 * again elsewhere when its thread dies or its code throws; results of attempts that were given up are dropped.
 */
export class TaskScheduler {
  readonly #options: TaskSchedulerOptions
  readonly #anywhere: Queued[] = []
  readonly #pinned = new Map<number, Queued[]>()
  readonly #running = new Map<PoolThread, Running[]>()
  #watch: NodeJS.Timeout | undefined
  #closed = false
  #dispatching = false

  constructor(options: TaskSchedulerOptions) {
    this.#options = options
  }

  /** Runs a task to its end; resolves with what is missing where an attempt cannot be planned. */
  run(spec: TaskSpec): Promise<TaskDone | MissingOutputs> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ spec, planned: undefined as never, attempt: 0, failures: 0, resolve, reject })
    })
  }

  /** A thread came or went: queues may move. Pinned tasks of a dead thread are planned anew. */
  threadsChanged(): void {
    const alive = new Set(this.#options.pool.threads().map((thread) => thread.id))
    for (const [thread, queue] of this.#pinned) {
      if (alive.has(thread)) continue
      this.#pinned.delete(thread)
      for (const queued of queue) this.#enqueue(queued)
    }
    this.#dispatch()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#watch)
    const waiting = [...this.#anywhere.splice(0), ...[...this.#pinned.values()].flat()]
    this.#pinned.clear()
    for (const queued of waiting) queued.reject(new JobCancelledError('The context was stopped before this task ran.'))
  }

  #enqueue(queued: Queued): void {
    const { job } = queued.spec
    if (this.#closed || job.cancelled) {
      queued.reject(
        new JobCancelledError(
          this.#closed ? 'The context was stopped before this task ran.' : `Job ${job.id} was given up.`,
        ),
      )
      return
    }
    let planned: PlannedTask | MissingOutputs
    try {
      planned = queued.spec.plan()
    } catch (error) {
      queued.reject(error)
      return
    }
    if (planned instanceof MissingOutputs) {
      queued.resolve(planned)
      return
    }
    queued.planned = planned
    if (planned.pinned === undefined) this.#anywhere.push(queued)
    else {
      const queue = this.#pinned.get(planned.pinned)
      if (queue) queue.push(queued)
      else this.#pinned.set(planned.pinned, [queued])
    }
    if (this.#dispatching) return
    this.#dispatching = true
    // One round for all tasks of a stage: they are enqueued in one go.
    queueMicrotask(() => {
      this.#dispatching = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const threads = this.#options.pool.ready()
    for (let depth = 0; depth <= WAITING; depth++) {
      for (const thread of threads) {
        if (thread.inFlight > depth) continue
        const queued = this.#next(thread, depth, threads.length)
        if (queued) this.#send(thread, queued)
      }
    }
  }

  #next(thread: PoolThread, depth: number, threads: number): Queued | undefined {
    const mine = this.#pinned.get(thread.id)
    if (mine && mine.length > 0) return mine.shift()
    // A second task is given in advance only where enough are left for all: the last ones go to whoever is free first.
    if (depth > 0 && this.#anywhere.length < threads) return undefined
    return this.#anywhere.shift()
  }

  #send(thread: PoolThread, queued: Queued): void {
    const { blocks, programs } = this.#options
    const { spec, planned } = queued
    const program = programs.number(planned.program)
    const news = blocks.takeNews(thread.id)
    const broadcasts = programs.broadcasts(program)
    const shipped = broadcasts.length > 0 ? this.#options.broadcasts(thread.id, broadcasts) : undefined
    const needed = [...planned.blocks, ...(news?.adopt ?? []), ...(shipped?.map(({ block }) => block) ?? [])]
    const task: TaskId = { job: spec.job.id, stage: spec.stage, partition: spec.partition, attempt: queued.attempt }
    const message: TaskMessage = {
      type: 'task',
      thread: thread.id,
      task,
      batchTime: spec.job.batchTime,
      program,
      define: programs.define(thread.id, program),
      undefine: programs.undefine(thread.id),
      inputs: planned.inputs,
      segments: blocks.grants(thread.id, needed),
      lend: this.#options.lend(thread.id),
      adopt: news?.adopt,
      release: news?.release,
      forget: news?.forget,
      broadcasts: shipped,
    }
    const pins = planned.blocks.map((block) => block.id)
    blocks.pin(pins)
    const running: Running = { queued, progress: -1, seenAt: performance.now() }
    const list = this.#running.get(thread) ?? []
    list.push(running)
    this.#running.set(thread, list)
    this.#watchProgress()
    const settled = () => {
      const index = list.indexOf(running)
      list.splice(index, 1)
      if (list[0]) list[0].seenAt = performance.now()
      if (list.length === 0) this.#running.delete(thread)
      return index
    }
    this.#options.pool.run(thread, message).then(
      (result) => {
        settled()
        blocks.unpin(pins)
        this.#answered(thread, queued, result)
        this.#dispatch()
      },
      (error: unknown) => {
        const index = settled()
        // The dead thread may be a zombie that still reads: its blocks stay until it has really exited.
        thread.gone.then(() => blocks.unpin(pins))
        this.#threadDied(thread, queued, index, error)
        this.#dispatch()
      },
    )
  }

  #answered(thread: PoolThread, queued: Queued, result: TaskResult): void {
    const { blocks } = this.#options
    if (result.ok === 'stale') {
      this.#enqueue(queued)
      return
    }
    this.#options.onReport(thread.id, result.memory)
    if (result.ok) {
      blocks.accept(
        thread.id,
        result.memory,
        result.written.map(({ block }) => block),
      )
      queued.resolve({ planned: queued.planned, result, thread: thread.id })
      return
    }
    blocks.accept(thread.id, result.memory, [])
    if (result.missingState) {
      this.#options.onMissingState(queued.planned)
      this.#enqueue(queued)
      return
    }
    this.#failed(queued, decodeError(result.error), result.label)
  }

  /** Only the task that was running can have killed its thread, and a kill from outside is nobody's fault. */
  #threadDied(thread: PoolThread, queued: Queued, index: number, error: unknown): void {
    const reason = error instanceof ThreadLostError ? error.reason : undefined
    if (reason === undefined) {
      // Not a death: the message itself could not be sent, and would not be next time either.
      queued.reject(error)
      return
    }
    if (reason === 'closed') {
      queued.reject(new JobCancelledError('The context was stopped while this task ran.', { thread: thread.id }))
      return
    }
    if (index > 0 || reason === 'terminated' || reason === 'boot') {
      queued.attempt++
      this.#enqueue(queued)
      return
    }
    this.#failed(queued, error as Error, undefined)
  }

  #failed(queued: Queued, cause: Error, operation: string | undefined): void {
    const { spec } = queued
    const label = operation ?? spec.label
    queued.attempt++
    queued.failures++
    if (queued.failures < this.#options.maxFailures) {
      this.#options.events.emit('taskRetried', {
        job: spec.job.id,
        partition: spec.partition,
        attempt: queued.attempt,
        label,
        error: cause,
      })
      this.#enqueue(queued)
      return
    }
    const when = spec.job.batchTime === undefined ? `job ${spec.job.id}` : `batch ${spec.job.batchTime} ms`
    queued.reject(
      new TaskFailedError(
        `${label} failed in partition ${spec.partition} of ${when}, ${queued.failures} times, lastly with: ${cause.message}`,
        {
          cause,
          details: {
            batchTime: spec.job.batchTime,
            operation: label,
            partition: spec.partition,
            job: spec.job.id,
            attempts: queued.attempt,
          },
        },
      ),
    )
  }

  /** A thread whose running task shows no progress for `taskTimeout` is terminated; the task is tried again. */
  #watchProgress(): void {
    if (this.#watch) return
    const { taskTimeoutMs, pool } = this.#options
    const period = Math.max(10, Math.min(1000, taskTimeoutMs / 4))
    this.#watch = setInterval(() => {
      const now = performance.now()
      for (const [thread, [first]] of this.#running) {
        if (!first) continue
        const progress = Atomics.load(thread.vitals, PROGRESS)
        if (progress !== first.progress) {
          first.progress = progress
          first.seenAt = now
        } else if (now - first.seenAt > taskTimeoutMs && thread.state === 'ready') {
          void pool.terminate(thread, 'timeout')
        }
      }
      if (this.#running.size === 0) {
        clearInterval(this.#watch)
        this.#watch = undefined
      }
    }, period)
    this.#watch.unref()
  }
}
