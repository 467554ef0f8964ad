import type { ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import { Answers } from './answers.js'
import { Attempts } from './attempts.js'
import { type Command, Commands, type TimerName } from './commands.js'
import { Copies, type CopyOptions } from './copies/copies.js'
import { Dispatcher } from './dispatcher.js'
import type { MemoryState, SchedulerEvent } from './events.js'
import { isQuickGroup } from './pipelined/placement.js'
import type { PlannedTask } from './planned-task.js'
import { type BroadcastCheck, ProgramTable } from './program-table.js'
import { RECALL_MS, Recall } from './recall.js'
import { Standstill } from './standstill.js'
import { type Job, newAttempt, type Task } from './task.js'
import { cancelled, endedWithoutTask, placeOf, taskFailed } from './task-errors.js'
import { TaskQueues } from './task-queues.js'
import { type Observer, TaskReports } from './task-reports.js'
import { ThreadLoss } from './thread-loss.js'
import { ThreadTable } from './thread-table.js'

export interface TaskSchedulerOptions extends CopyOptions {
  /** Ms without progress of a task after which its thread is terminated. */
  readonly taskTimeoutMs: number
  readonly broadcasts: BroadcastCheck
  /** Knows which events of tasks have listeners. Without it, none are emitted. */
  readonly observer?: Observer
}

/** Ms during which nothing must run before warm-up starts. It is longer than the gap between two stages of a job. */
const QUIET_MS = 4

/**
 * Dispatches tasks to threads, and retries failed attempts on other threads. Every input is an event, every output is a
 * command. The scheduler knows no thread, timer or promise, so tests can drive it with plain data.
 */
export class TaskScheduler {
  readonly programs: ProgramTable
  readonly #out = new Commands()
  readonly #threads = new ThreadTable()
  readonly #queues = new TaskQueues(this.#threads)
  readonly #attempts: Attempts
  readonly #reports: TaskReports
  readonly #dispatcher: Dispatcher
  readonly #copies: Copies
  readonly #answers: Answers
  readonly #loss: ThreadLoss
  readonly #recall: Recall
  readonly #standstill: Standstill
  readonly #timers = new Set<TimerName>()

  constructor({ taskTimeoutMs, broadcasts, observer, ...copies }: TaskSchedulerOptions) {
    this.programs = new ProgramTable(broadcasts)
    this.#reports = new TaskReports(this.#out, observer)
    const reports = this.#reports
    this.#attempts = new Attempts(this.#out, this.#queues, this.programs)
    this.#dispatcher = new Dispatcher(this.#out, this.#threads, this.#queues, this.programs, this.#attempts, reports)
    this.#copies = new Copies(this.#out, this.#threads, copies)
    this.#answers = new Answers(this.#out, this.#threads, this.#attempts, this.programs, this.#copies, reports)
    this.#loss = new ThreadLoss(this.#out, this.#threads, this.#attempts, this.#copies, reports)
    this.#recall = new Recall(this.#out, this.#threads, this.#queues, this.#attempts, reports)
    this.#standstill = new Standstill(this.#threads, taskTimeoutMs, copies.speculation?.minMs ?? Infinity)
  }

  /** Handles an event: changes the state, and returns the commands to execute. `now`: the time, in ms. */
  handle(event: SchedulerEvent, now: number): readonly Command[] {
    switch (event.type) {
      case 'TaskSubmitted':
        this.#attempts.start(event.task)
        break
      case 'TaskPlanned':
        this.#attempts.planned(event.task, event.plan, event.copyFor)
        break
      case 'TasksAnswered':
        this.#answers.handle(event, now)
        break
      case 'DispatchDue':
        this.#dispatch(event.memory, now)
        break
      case 'ThreadLost':
        this.#loss.lost(event, now)
        break
      case 'ThreadExited':
        this.#loss.exited(event.thread)
        break
      case 'MemoryShort':
        this.#copies.clear()
        break
      default:
        this.#handleRare(event, now)
    }
    if (!this.#timers.has('look') && !this.#threads.areIdle) this.#watch(now)
    return this.#out.take()
  }

  #handleRare(event: RareEvent, now: number): void {
    switch (event.type) {
      case 'GroupSubmitted':
        this.#startGroup(event, now)
        break
      case 'ThreadReady':
        this.#threadReady(event.thread, event.slot, event.cold)
        break
      case 'ThreadPromoted':
        this.#threadReady(event.thread, event.slot, true)
        break
      case 'SendFailed':
        this.#sendFailed(event, now)
        break
      case 'MemoryFreed':
        this.#out.push({ do: 'round', when: 'soon' })
        break
      case 'LookDue':
        this.#look(event.progress, now)
        break
      case 'RecallDue':
        this.#timers.delete('recall')
        if (!this.#recall.due(now)) this.#out.push({ do: 'round', when: 'now' })
        break
      case 'TasksRecalled':
        this.#recall.recalled(event.thread, event.count, now)
        break
      case 'QuietDue':
        this.#warmUp(now)
        break
      case 'JobEnded':
        this.#endJob(event.job, event.succeeded)
        break
      case 'Stranded':
        this.#refuseWaiting(({ spec }) => noThread(spec, event.loss))
        break
      case 'Closed':
        this.#close()
        break
    }
  }

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#threads.areIdle && this.#queues.areEmpty
  }

  /** Whether a task waits for a thread or for memory. */
  get hasQueued(): boolean {
    return !this.#queues.areEmpty
  }

  /** Threads that accept tasks, in the order of their slots. */
  get threads(): readonly ThreadId[] {
    return this.#threads.inSlots.filter(({ isRecalled }) => !isRecalled).map(({ id }) => id)
  }

  /** Whether `tasks` tasks of the program are quick enough for pipelined stages. */
  isQuick(planned: PlannedTask, tasks: number): boolean {
    const { programs } = this
    return isQuickGroup(programs.runMs(programs.number(planned.program)) * tasks, this.#threads.inSlots.length)
  }

  /** Whether tasks of the program should run one by one. */
  prefersAlone(program: number, planned: PlannedTask, now: number): boolean {
    return this.#copies.prefersAlone(program, planned, now)
  }

  #dispatch(memory: MemoryState, now: number): void {
    this.#recall.reopen()
    this.#dispatcher.round(memory, now)
    if (!memory) {
      for (const thread of this.#threads.inSlots) {
        const copy = thread.messages.length === 0 ? this.#copies.next(thread, false) : undefined
        if (copy?.of === 'running') this.#attempts.plan(copy.task, thread.id)
      }
    }
    if (this.#recall.isWanted && !this.#timers.has('recall')) this.#setTimer('recall', RECALL_MS)
    if (this.#copies.awaitsQuiet && this.isIdle && !this.#timers.has('quiet')) this.#setTimer('quiet', QUIET_MS)
  }

  #startGroup({ messages }: Extract<SchedulerEvent, { type: 'GroupSubmitted' }>, now: number): void {
    for (const [id, tasks] of messages) {
      const attempts = tasks.map((task) => this.#attempts.pin(newAttempt(task)))
      const thread = this.#threads.get(id)
      if (thread) {
        this.#dispatcher.send(thread, attempts, now)
        continue
      }
      for (const attempt of attempts) {
        this.#out.push({ do: 'abandon', attempt })
        this.#attempts.end(attempt)
        this.#attempts.again(attempt.task, undefined)
      }
    }
  }

  #threadReady(thread: ThreadId, slot: number, cold: boolean): void {
    this.#threads.place(thread, slot)
    if (cold) this.#copies.addColdThread(thread)
    this.#out.push({ do: 'round', when: 'soon' })
  }

  #sendFailed(
    { thread: id, attempts, error, whole }: Extract<SchedulerEvent, { type: 'SendFailed' }>,
    now: number,
  ): void {
    const messages = this.#threads.get(id)?.messages ?? []
    const at = messages.findIndex((message) => message.includes(attempts[0]!))
    if (at < 0) return
    const rest = messages[at]!.filter((attempt) => !attempts.includes(attempt))
    messages.splice(at, 1, ...(rest.length > 0 ? [rest] : []))
    for (const attempt of attempts) {
      this.#reports.ended(attempt, id, 'failed', now, error instanceof Error ? error : undefined)
      this.#attempts.end(attempt)
      this.#attempts.settle(attempt.task, { error })
    }
    // The message also contained ownership and memory updates, which the scheduler assumes the thread has.
    if (whole) this.#out.push({ do: 'terminate', thread: id, reason: 'terminated' })
    this.#out.push({ do: 'round', when: 'soon' })
  }

  #look(progress: ReadonlyMap<ThreadId, number>, now: number): void {
    this.#timers.delete('look')
    if (this.#threads.areIdle) return
    this.#setTimer('look', this.#standstill.period)
    for (const { id } of this.#standstill.look(progress, now))
      this.#out.push({ do: 'terminate', thread: id, reason: 'timeout' })
    this.#copies.look(now)
    this.#out.push({ do: 'round', when: 'now' })
  }

  /** Starts one warm-up copy. When it has ended and the scheduler is idle again, the next one starts. */
  #warmUp(now: number): void {
    this.#timers.delete('quiet')
    if (!this.isIdle || this.#attempts.closed) return
    for (const thread of this.#threads.all) {
      const copy = this.#copies.next(thread, true)
      if (copy?.of !== 'finished') continue
      this.#dispatcher.send(thread, [this.#attempts.pin(copy.attempt)], now)
      return
    }
    this.#copies.finishWarmUp()
  }

  #endJob(job: Job, succeeded: boolean): void {
    job.ended = true
    this.#refuseWaiting(
      ({ spec }) => endedWithoutTask(spec, this.#attempts.closed),
      (task) => task.spec.job === job,
    )
    if (!succeeded) this.#cancel(job)
  }

  #close(): void {
    this.#attempts.closed = true
    this.#refuseWaiting(() => cancelled('The context was stopped before this task ran.'))
    this.#copies.clear()
    this.#cancel()
  }

  #refuseWaiting(why: (task: Task) => Error, passes: (task: Task) => boolean = () => true): void {
    for (const attempt of this.#queues.drain(({ task }) => passes(task))) {
      this.#attempts.end(attempt)
      this.#attempts.settle(attempt.task, { error: why(attempt.task) })
    }
  }

  /** Ends the running tasks of a job, or of all jobs. */
  #cancel(only?: Job): void {
    for (const { id, messages } of this.#threads.inSlots) {
      const jobs = new Set(messages.flat().map(({ task }) => task.spec.job))
      for (const job of jobs) if (!only || job === only) this.#out.push({ do: 'cancel', thread: id, job })
    }
  }

  /** Checks the progress of threads from now on, until nothing runs. */
  #watch(now: number): void {
    if (this.#attempts.closed) return
    this.#standstill.start(now)
    this.#setTimer('look', this.#standstill.period)
  }

  #setTimer(timer: TimerName, ms: number): void {
    this.#timers.add(timer)
    this.#out.push({ do: 'timer', timer, ms })
  }
}

/** Events off the hot path. */
type RareEvent = Exclude<
  SchedulerEvent,
  {
    type:
      | 'TaskSubmitted'
      | 'TaskPlanned'
      | 'TasksAnswered'
      | 'DispatchDue'
      | 'ThreadLost'
      | 'ThreadExited'
      | 'MemoryShort'
  }
>

function noThread(spec: Task['spec'], loss: ThreadLostError): Error {
  return taskFailed(spec, `${spec.label} has no thread to run on in ${placeOf(spec)}: ${loss.message}`, loss)
}
