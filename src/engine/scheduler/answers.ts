import { BlockCorruptError, FileChangedError } from '../../errors.js'
import type { BlockId, FileId, ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { Attempts } from './attempts.js'
import type { Commands } from './commands.js'
import type { Copies } from './copies/copies.js'
import type { Answer, SchedulerEvent } from './events.js'
import { leaveOut } from './file-inputs.js'
import type { ProgramTable } from './program-table.js'
import { type Attempt, readsOf } from './task.js'
import { endedWithoutTask } from './task-errors.js'
import type { TaskReports } from './task-reports.js'
import type { ThreadTable } from './thread-table.js'

type Done = Extract<Answer, { is: 'done' }>
type Failed = Extract<Answer, { is: 'failed' }>

/** Handles the answers of threads. */
export class Answers {
  readonly #out: Commands
  readonly #threads: ThreadTable
  readonly #attempts: Attempts
  readonly #programs: ProgramTable
  readonly #copies: Copies
  readonly #reports: TaskReports

  constructor(
    out: Commands,
    threads: ThreadTable,
    attempts: Attempts,
    programs: ProgramTable,
    copies: Copies,
    reports: TaskReports,
  ) {
    this.#out = out
    this.#threads = threads
    this.#attempts = attempts
    this.#programs = programs
    this.#copies = copies
    this.#reports = reports
  }

  handle(event: Extract<SchedulerEvent, { type: 'TasksAnswered' }>, now: number): void {
    const { thread, attempts, answers, mayKeepInputs } = event
    const messages = this.#threads.get(thread)?.messages ?? []
    const at = messages.findIndex((message) => message.includes(attempts[0]!))
    // The thread is dead, and its tasks have already been retried.
    if (at < 0) return
    messages.splice(at, 1)
    if (messages[0]?.[0]) messages[0][0].startedAt = now
    for (const [i, attempt] of attempts.entries()) {
      if (attempt.isRecalled) {
        this.#out.push({ do: 'release', attempt })
        continue
      }
      this.#reports.answered(attempt, thread, answers[i]!, now)
      this.#answered(thread, attempt, answers[i]!, mayKeepInputs)
    }
    this.#out.push({ do: 'round', when: 'now' })
  }

  #answered(thread: ThreadId, attempt: Attempt, answer: Answer, mayKeepInputs: boolean): void {
    const { task } = attempt
    if (answer.is === 'done' && !attempt.warmUp)
      this.#copies.finished(thread, attempt, answer.result.metrics.runMs, !task.settled, mayKeepInputs)
    const isLost =
      answer.is === 'unreadable' ||
      answer.is === 'stale' ||
      answer.is === 'too large' ||
      (answer.is === 'done' && (task.settled || !answer.taken))
    // Readers of the group may have this output, which the driver drops. Abandon it before the end of the attempt,
    // which frees the board.
    if (isLost && attempt.place !== undefined) this.#out.push({ do: 'abandon', attempt })
    this.#attempts.end(attempt)
    if (attempt.warmUp) this.#warmedUp(thread, attempt, answer)
    else if (answer.is === 'done') this.#done(thread, attempt, answer)
    else if (answer.is === 'failed') this.#failed(attempt, answer)
    else if (answer.is === 'stale') this.#attempts.again(task, undefined)
    else {
      this.#discard(thread, answer.written, true)
      // Further attempts would return as much.
      if (answer.is === 'too large') this.#attempts.settle(task, answer)
      else this.#attempts.failed(task, answer.error)
    }
  }

  #warmedUp(thread: ThreadId, attempt: Attempt, answer: Answer): void {
    if (answer.is === 'stale') return
    if (answer.is !== 'done') {
      this.#copies.warmUpFailed(attempt)
      return
    }
    this.#discard(thread, blocksOf(answer), false)
    this.#copies.warmedUp(thread, attempt, answer.result.metrics.runMs)
  }

  #done(thread: ThreadId, attempt: Attempt, answer: Done): void {
    const { task, planned, program } = attempt
    const { result, taken } = answer
    const { spec } = task
    if (task.settled || !taken) {
      this.#discard(thread, blocksOf(answer), true)
      this.#out.emit({ name: 'resultDropped', detail: { job: spec.job.id, partition: spec.partition, thread } })
      return
    }
    spec.stage.runTimes.push(result.metrics.runMs)
    this.#programs.ran(program, result.metrics.runMs)
    if (result.metrics.operations) this.#programs.sampled(program, result.metrics.runMs)
    const done = { planned, result, ...taken, thread, reads: readsOf(planned, result) }
    this.#attempts.settle(task, { done })
  }

  #failed(attempt: Attempt, { error, label, failedOn, missingState }: Failed): void {
    const { task, planned } = attempt
    const attempts = this.#attempts
    if (attempts.closed || task.spec.job.ended)
      attempts.settle(task, { error: endedWithoutTask(task.spec, attempts.closed) })
    else if (task.settled) return
    else if (missingState) {
      this.#out.push({ do: 'forgetState', planned })
      attempts.again(task, error)
    } else if (error instanceof FileChangedError) this.#fileChanged(attempt, error)
    else if (this.#blamesBlock(attempt, error)) attempts.again(task, error)
    else attempts.failed(task, error, label, failedOn)
  }

  #fileChanged({ task, planned }: Attempt, error: FileChangedError): void {
    const leftOut = leaveOut(planned, error)
    // Further attempts would find the same file.
    if (!leftOut) this.#attempts.settle(task, { error })
    // A directory may lose thousands of files. Each is excluded once, so this ends by itself and costs no budget.
    else if (leftOut === 'now') this.#attempts.retry(task)
    else this.#attempts.again(task, error)
  }

  /** Drops the block or file with the wrong bytes. Returns whether the failure is not the task's fault. */
  #blamesBlock({ number, planned, exchange }: Attempt, error: Error): boolean {
    if (!(error instanceof BlockCorruptError)) return false
    const { file, block } = error.details
    if (typeof file === 'number') {
      this.#out.push({ do: 'dropFile', file: file as FileId, error })
      return true
    }
    if (typeof block !== 'number') return false
    this.#out.push({ do: 'dropBlock', block: block as BlockId })
    // Each attempt finds one wrong block, so a task may need as many attempts as it reads blocks.
    return exchange !== undefined || number < planned.blocks.length
  }

  #discard(thread: ThreadId, blocks: readonly BlockHandle[], owned: boolean): void {
    if (blocks.length > 0) this.#out.push({ do: 'discard', thread, blocks, owned })
  }
}

function blocksOf({ result }: Done): BlockHandle[] {
  return result.written.map(({ block }) => block)
}
