import { type MemoryLimitError, ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import { delay } from '../../ops/wait.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import { offer, recall, reopen } from '../../pool/claims.js'
import { decodeError } from '../../pool/error-wire.js'
import type { PoolThread } from '../../pool/pool-thread.js'
import type { TaskMessage, TaskResult } from '../../pool/protocol.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import { PROGRESS } from '../../pool/thread-status.js'
import type { StateSpills } from '../storage/state-spills.js'
import type { Answer, SchedulerEvent } from './events.js'
import type { ProgramTable } from './program-table.js'
import { answerBytes, takeAnswer } from './take-answer.js'
import type { Attempt, Job, TaskSpec } from './task.js'
import { resultsTooLarge, unreadable } from './task-errors.js'
import { TaskMessages, type TaskMessagesOptions } from './task-messages.js'

export interface ThreadLinkOptions extends TaskMessagesOptions {
  readonly pool: ThreadPool
  readonly segments: SegmentPool
  /** Bytes of results that one job may return. */
  readonly maxResultBytes: number
  readonly stateSpills: Pick<StateSpills, 'failed' | 'holds'>
  readonly memory: {
    /** Whether less than half of `memoryLimit` is used. */
    readonly isHalfEmpty: boolean
  }
}

/** The receiver of the events of a link. */
export interface EventSink {
  post(event: SchedulerEvent): void
}

/** Ms for which a stopping context waits until its threads have aborted the signals of their calls. */
const CANCEL_WAIT_MS = 500

/** Sends attempts to threads, and turns their answers into events. */
export class ThreadLink {
  readonly messages: TaskMessages
  readonly #options: ThreadLinkOptions
  readonly #sink: EventSink
  /** Threads that are not dead. */
  readonly #threads = new Map<ThreadId, PoolThread>()
  readonly #cancelling = new Set<Promise<void>>()

  constructor(options: ThreadLinkOptions, programs: ProgramTable, sink: EventSink) {
    this.#options = options
    this.#sink = sink
    this.messages = new TaskMessages(options, programs)
  }

  add(thread: PoolThread): void {
    this.#threads.set(thread.id, thread)
  }

  remove(thread: PoolThread): void {
    this.#threads.delete(thread.id)
  }

  /** The progress counter of each thread. */
  progress(): ReadonlyMap<ThreadId, number> {
    return new Map([...this.#threads].map(([id, { status }]) => [id, Atomics.load(status, PROGRESS)]))
  }

  terminate(id: ThreadId, reason: 'timeout' | 'terminated'): void {
    const thread = this.#threads.get(id)
    if (thread) void this.#options.pool.terminate(thread, reason)
  }

  send(id: ThreadId, attempts: readonly Attempt[]): void {
    const thread = this.#threads.get(id)
    // Its loss is an event that the loop has yet to handle, which also covers these attempts.
    if (!thread) return
    const messages: TaskMessage[] = []
    const sent: Attempt[] = []
    for (const attempt of attempts) {
      try {
        messages.push(this.messages.of(id, attempt))
        sent.push(attempt)
      } catch (error) {
        this.#sink.post({ type: 'SendFailed', thread: id, attempts: [attempt], error, whole: false })
      }
    }
    if (sent.length === 0) return
    offer(thread.status, sent.length)
    this.#options.pool.run(thread, messages).then(
      (results) => this.#answered(thread, sent, results),
      (error: unknown) => this.#failed(thread, sent, error),
    )
  }

  /** Takes back the attempts that a thread has not begun, and returns their number. They are the last ones sent to it. */
  recall(id: ThreadId): number {
    const thread = this.#threads.get(id)
    return thread ? recall(thread.status) : 0
  }

  reopen(id: ThreadId): void {
    const thread = this.#threads.get(id)
    if (thread) reopen(thread.status)
  }

  /** Ends a job's tasks in a thread if they await, and aborts the signals of their calls. */
  cancel(id: ThreadId, job: Job): void {
    const thread = this.#threads.get(id)
    if (!thread) return
    const cancelling = this.#cancel(thread, job).finally(() => this.#cancelling.delete(cancelling))
    this.#cancelling.add(cancelling)
  }

  /** Resolves when the threads have executed every `cancel`. A thread that computes does not answer in time. */
  async cancelled(): Promise<void> {
    if (this.#cancelling.size === 0) return
    const enough = new AbortController()
    await Promise.race([Promise.all(this.#cancelling), delay(CANCEL_WAIT_MS, enough.signal)])
    enough.abort()
  }

  async #cancel(thread: PoolThread, job: Job): Promise<void> {
    try {
      await thread.control.cancel(job.id)
    } catch (error) {
      // A dead thread runs nothing; its tasks end with its loss.
      if (!(error instanceof ThreadLostError)) throw error
    }
  }

  #answered(thread: PoolThread, attempts: readonly Attempt[], results: readonly TaskResult[]): void {
    if (!this.#threads.has(thread.id)) return
    const answers = attempts.map((attempt, i) => this.#decode(thread.id, attempt, results[i]))
    const mayKeepInputs = this.#options.memory.isHalfEmpty
    this.#sink.post({ type: 'TasksAnswered', thread: thread.id, attempts, answers, mayKeepInputs })
  }

  #failed(thread: PoolThread, attempts: readonly Attempt[], error: unknown): void {
    if (error instanceof ThreadLostError)
      // The pool has already reported the loss, unless it was closed.
      this.#sink.post({ type: 'ThreadLost', thread: thread.id, loss: error, running: false, unclaimed: 0 })
    else this.#sink.post({ type: 'SendFailed', thread: thread.id, attempts, error, whole: true })
  }

  /**
   * Counts the bytes of a task's result; for a repeated task, those of the last one. Returns an error above the limit.
   */
  #charge(spec: TaskSpec, bytes: number): MemoryLimitError | undefined {
    const { job } = spec
    const { maxResultBytes } = this.#options
    job.resultBytes += bytes - spec.resultBytes
    spec.resultBytes = bytes
    return job.resultBytes > maxResultBytes ? resultsTooLarge(spec, maxResultBytes) : undefined
  }

  #decode(thread: ThreadId, { task, warmUp }: Attempt, result: TaskResult | undefined): Answer {
    if (!result) return { is: 'unreadable', error: unreadable(new TypeError('it is missing')), written: [] }
    if (result.ok === 'stale') return { is: 'stale' }
    const { blocks, lending, segments } = this.#options
    const written = result.ok ? result.written.map(({ block }) => block) : []
    try {
      lending.note(thread, result.memory)
      blocks.accept(thread, result.memory, written)
      if (result.stateFaults) this.#options.stateSpills.failed(thread, result.stateFaults)
      if (result.stateHeld) this.#options.stateSpills.holds(thread, result.stateHeld)
      if (!result.ok) return { is: 'failed', ...result, error: decodeError(result.error) }
      if (warmUp || task.settled) return { is: 'done', result, taken: undefined }
      const tooLarge = this.#charge(task.spec, answerBytes(result))
      if (tooLarge) return { is: 'too large', error: tooLarge, written }
      return { is: 'done', result, taken: takeAnswer(result, segments) }
    } catch (error) {
      // The job must not wait forever, nor the task be repeated without end.
      return { is: 'unreadable', error: unreadable(error), written }
    }
  }
}
