import type { ThreadLostError } from '../../errors.js'
import type { ThreadId } from '../../ids.js'
import { unclaimed } from '../../pool/claims.js'
import type { PoolThread } from '../../pool/pool-thread.js'
import { RUNNING } from '../../pool/thread-status.js'
import type { Command, Outcome, TimerName } from './commands.js'
import { Effects, type EffectsOptions } from './effects.js'
import type { MemoryState, PlanOutcome, SchedulerEvent } from './events.js'
import type { MissingInputs } from './planned-task.js'
import { type GroupedTask, type Job, newTask, type Task, type TaskDone, type TaskSpec } from './task.js'
import type { TaskScheduler } from './task-scheduler.js'
import { ThreadLink, type ThreadLinkOptions } from './thread-link.js'

export interface EventLoopOptions extends ThreadLinkOptions, EffectsOptions {
  readonly memory: ThreadLinkOptions['memory'] & {
    /** Returns why tasks may not use more memory, if so. Evicts blocks first. */
    overLimit(): MemoryState
  }
}

/** The callbacks that settle a task. */
interface Waiting {
  resolve(done: TaskDone | MissingInputs): void
  reject(error: unknown): void
}

/**
 * Connects the scheduler to its environment: handles one event after the other, and executes the commands of each
 * before the next. Events that arise meanwhile, for example from a listener, wait their turn. Everything is
 * synchronous.
 */
export class EventLoop {
  readonly #scheduler: TaskScheduler
  readonly #options: EventLoopOptions
  readonly #effects: Effects
  readonly #link: ThreadLink
  readonly #waiting = new Map<Task, Waiting>()
  readonly #timers = new Map<TimerName, NodeJS.Timeout>()
  readonly #queue: SchedulerEvent[] = []
  #isBusy = false
  #roundIsDue = false

  constructor(scheduler: TaskScheduler, options: EventLoopOptions) {
    this.#scheduler = scheduler
    this.#options = options
    this.#effects = new Effects(options)
    this.#link = new ThreadLink(options, scheduler.programs, this)
    for (const thread of options.pool.ready()) this.threadReady(thread, false)
    const spare = options.pool.spare()
    if (spare) this.threadReady(spare, true)
  }

  /** Runs a task to its end. If an attempt cannot be planned, resolves with what is missing. */
  run(spec: TaskSpec): Promise<TaskDone | MissingInputs> {
    const task = newTask(spec)
    const settled = this.#settled(task)
    this.post({ type: 'TaskSubmitted', task })
    return settled
  }

  /**
   * Starts tasks of pipelined stages, which are planned and placed. Returns their outcomes, in the order of `tasks`.
   */
  runTogether(
    tasks: readonly GroupedTask[],
    messages: ReadonlyMap<ThreadId, readonly GroupedTask[]>,
  ): Promise<TaskDone | MissingInputs>[] {
    const settled = tasks.map(({ task }) => this.#settled(task))
    this.post({ type: 'GroupSubmitted', messages })
    return settled
  }

  /** Whether nothing runs, nothing waits, and tasks may use more memory. */
  get isFree(): boolean {
    return this.#scheduler.isIdle && this.#options.memory.overLimit() === undefined
  }

  /** Returns free segments for a thread of pipelined stages, which are sent with its first task. */
  lend(thread: ThreadId) {
    return this.#link.messages.lend(thread)
  }

  /** `cold`: the thread replaces a dead one. */
  threadReady(thread: PoolThread, cold: boolean): void {
    this.#link.add(thread)
    this.post({ type: 'ThreadReady', thread: thread.id, slot: thread.slot, cold })
  }

  threadPromoted({ id, slot }: PoolThread): void {
    this.post({ type: 'ThreadPromoted', thread: id, slot })
  }

  threadLost(thread: PoolThread, loss: ThreadLostError): void {
    this.#link.remove(thread)
    const { id, status } = thread
    const running = Atomics.load(status, RUNNING) > 0
    this.post({ type: 'ThreadLost', thread: id, loss, running, unclaimed: unclaimed(status) })
  }

  /** Releases the inputs that are pinned for warm-up before it returns, because the memory is needed now. */
  dropWarmUpInputs(): void {
    this.#process({ type: 'MemoryShort' })
  }

  jobEnded(job: Job, succeeded: boolean): void {
    this.post({ type: 'JobEnded', job, succeeded })
  }

  /** Refuses all further tasks. Resolves when the threads have cancelled what they can. */
  async close(): Promise<void> {
    this.post({ type: 'Closed' })
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.#link.cancelled()
  }

  post(event: SchedulerEvent): void {
    this.#queue.push(event)
    if (this.#isBusy) return
    this.#isBusy = true
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      try {
        if (next.type === 'DispatchDue') this.#round()
        else this.#process(next)
      } catch (error) {
        throwLater(error)
      }
    }
    this.#isBusy = false
  }

  #process(event: SchedulerEvent): void {
    for (const command of this.#scheduler.handle(event, performance.now())) {
      try {
        this.#carryOut(command)
      } catch (error) {
        throwLater(error)
      }
    }
  }

  #carryOut(command: Command): void {
    switch (command.do) {
      case 'plan':
        // Handled at once: no other plan may drop the blocks that this one relies on before they are pinned.
        this.#process({ ...command, type: 'TaskPlanned', plan: planOf(command.task) })
        break
      case 'recall':
        // Handled at once: nothing may be sent to the thread before the scheduler knows what it will not run.
        this.#process({ type: 'TasksRecalled', thread: command.thread, count: this.#link.recall(command.thread) })
        break
      case 'reopen':
        this.#link.reopen(command.thread)
        break
      case 'dispatch':
        this.#link.send(command.thread, command.attempts)
        break
      case 'settle':
        this.#settle(command.task, command.outcome)
        break
      case 'round':
        if (command.when === 'now') this.#round()
        else this.#roundSoon()
        break
      case 'timer':
        this.#setTimer(command.timer, command.ms)
        break
      case 'terminate':
        this.#link.terminate(command.thread, command.reason)
        break
      case 'cancel':
        this.#link.cancel(command.thread, command.job)
        break
      default:
        this.#effects.carryOut(command)
        break
    }
  }

  #settled(task: Task): Promise<TaskDone | MissingInputs> {
    return new Promise((resolve, reject) => this.#waiting.set(task, { resolve, reject }))
  }

  #settle(task: Task, outcome: Outcome): void {
    const waiting = this.#waiting.get(task)
    this.#waiting.delete(task)
    if ('done' in outcome) waiting?.resolve(outcome.done)
    else if ('missing' in outcome) waiting?.resolve(outcome.missing)
    else waiting?.reject(outcome.error)
  }

  #round(): void {
    this.#roundIsDue = false
    // Checked before the event and not by its handler, because evicting blocks changes what the scheduler pins for
    // warm-up.
    const memory = this.#scheduler.hasQueued ? this.#options.memory.overLimit() : undefined
    this.#process({ type: 'DispatchDue', memory })
  }

  /** One round for all tasks of a stage, which are submitted in one turn. */
  #roundSoon(): void {
    if (this.#roundIsDue) return
    this.#roundIsDue = true
    queueMicrotask(() => {
      if (this.#roundIsDue) this.post({ type: 'DispatchDue', memory: undefined })
    })
  }

  #setTimer(timer: TimerName, ms: number): void {
    this.#timers.set(timer, setTimeout(() => this.post(this.#fired(timer)), ms).unref())
  }

  #fired(timer: TimerName): SchedulerEvent {
    switch (timer) {
      case 'look':
        return { type: 'LookDue', progress: this.#link.progress() }
      case 'quiet':
        return { type: 'QuietDue' }
      case 'recall':
        return { type: 'RecallDue' }
    }
  }
}

/**
 * Reports an internal error as an uncaught exception. A program that survives it still needs the other commands and
 * events: without them, tasks would never end.
 */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

function planOf({ spec }: Task): PlanOutcome {
  try {
    return spec.plan()
  } catch (error) {
    return { error }
  }
}
