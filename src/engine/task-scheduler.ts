import { BlockCorruptError, FileChangedError, ThreadLostError } from '../errors.js'
import { append } from '../ops/append.js'
import { decodeError } from '../pool/error-wire.js'
import type { PoolThread } from '../pool/pool-thread.js'
import type { FailedRecord, TaskMessage, TaskResult } from '../pool/protocol.js'
import { RUNNING } from '../pool/vitals.js'
import type { RunningAttempts } from './cancel-tasks.js'
import { isQuickGroup } from './group-places.js'
import { Newcomers } from './newcomers.js'
import { MissingOutputs, type PlannedTask } from './planner.js'
import { Rehearsals } from './rehearsals.js'
import { StragglerWatch } from './straggler-watch.js'
import type { Taken } from './take-answer.js'
import { type Attempt, type NewTask, newTask, type Pending, readsOf, type TaskDone, type TaskSpec } from './task.js'
import { cancelled, givenUp, isKill, placeOf, taskFailed, unreadable } from './task-errors.js'
import { TaskGroups } from './task-groups.js'
import { TaskMessages } from './task-messages.js'
import type { TaskSchedulerOptions } from './task-scheduler-options.js'

/** Tasks beyond the running one that a thread is given, so that it never waits for the driver. */
const WAITING = 1
/** Quick tasks that a thread is given in one message: most of what they cost is sending them. */
const TOGETHER = 16

/**
 * Gives tasks to threads. One queue for tasks that may run anywhere, taken by whichever thread has room (blocks are in
 * shared memory, so no place is better than another), and one a thread for tasks whose state is there. A task is tried
 * again elsewhere when its thread dies or its code throws; what an attempt brings after another was first is dropped.
 */
export class TaskScheduler {
  readonly #options: TaskSchedulerOptions
  readonly #anywhere: Attempt[] = []
  readonly #pinned = new Map<number, Attempt[]>()
  readonly #running = new Map<PoolThread, Attempt[]>()
  readonly running: RunningAttempts = this.#running
  readonly #watch: StragglerWatch
  readonly #newcomers = new Newcomers()
  readonly #rehearsals: Rehearsals | undefined
  readonly #messages: TaskMessages
  readonly #groups: TaskGroups
  #closed = false
  #dispatching = false

  constructor(options: TaskSchedulerOptions) {
    this.#options = options
    const { pool, taskTimeoutMs, speculation } = options
    this.#messages = new TaskMessages(options)
    this.#groups = new TaskGroups({
      ...options,
      newcomers: this.#newcomers,
      rehearsals: () => this.#rehearsals,
      attempt: (task, planned, program) => this.#attempt(task, planned, program),
      send: (thread, attempts) => this.#send(thread, attempts),
    })
    this.#watch = new StragglerWatch({
      running: this.#running,
      taskTimeoutMs,
      speculation,
      terminate: (thread) => void pool.terminate(thread, 'timeout'),
      copy: (attempt) => this.#speculate(attempt),
    })
    if (options.rehearse)
      this.#rehearsals = new Rehearsals({
        blocks: options.blocks,
        events: options.events,
        newcomers: this.#newcomers,
        threads: () => {
          const spare = pool.spare()
          return spare ? [spare, ...pool.ready()] : pool.ready()
        },
        expecting: () => pool.spare() === undefined,
        quiet: () => !this.#closed && this.#isIdle(),
        allowed: options.rehearse,
        roomy: options.roomy,
        send: (thread, attempt) => {
          attempt.task.live++
          this.#send(thread, [attempt])
        },
      })
  }

  /** Runs a task to its end; resolves with what is missing where an attempt cannot be planned. */
  run(spec: TaskSpec): Promise<TaskDone | MissingOutputs> {
    return new Promise((resolve, reject) => {
      this.#try(newTask(spec, resolve, reject))
    })
  }

  /** Whether nothing runs, nothing waits, and memory allows more. */
  get isFree(): boolean {
    return this.#isIdle() && this.#options.overLimit() === undefined
  }

  /** Whether so many tasks like this one may be part of a group. */
  isQuick({ program }: PlannedTask, tasks: number): boolean {
    const { pool, programs } = this.#options
    return isQuickGroup(programs.runMs(programs.number(program)) * tasks, pool.ready().length)
  }

  /** As TaskGroups.run. */
  runGroup(writers: readonly NewTask[], readers: readonly NewTask[]): Promise<TaskDone | MissingOutputs>[] | undefined {
    return this.#groups.run(writers, readers)
  }

  /** A thread will take a dead one's place, or has. */
  threadJoined(thread: number): void {
    this.#newcomers.joined(thread)
  }

  threadLost(thread: number): void {
    this.#newcomers.left(thread)
    this.#rehearsals?.threadLost(thread)
  }

  /** A thread came or went: queues may move. Pinned tasks of a dead thread are planned anew. */
  threadsChanged(): void {
    const alive = new Set(this.#options.pool.threads().map((thread) => thread.id))
    for (const [thread, queue] of this.#pinned) {
      if (alive.has(thread)) continue
      this.#pinned.delete(thread)
      for (const attempt of queue) {
        this.#end(attempt)
        this.#try(attempt.task)
      }
    }
    this.#dispatch()
  }

  close(): void {
    this.#closed = true
    this.#watch.stop()
    this.#rehearsals?.clear()
    this.#refuseWaiting(() => cancelled('The context was stopped before this task ran.'))
  }

  /** No thread can be started: tasks that wait for one fail, with the reason. */
  strand(loss: ThreadLostError): void {
    this.#refuseWaiting(({ spec }) =>
      taskFailed(spec, `${spec.label} has no thread to run on in ${placeOf(spec)}: ${loss.message}`, loss),
    )
  }

  #refuseWaiting(why: (task: Pending) => Error): void {
    const waiting = [...this.#anywhere.splice(0), ...[...this.#pinned.values()].flat()]
    this.#pinned.clear()
    for (const attempt of waiting) {
      this.#end(attempt)
      this.#settle(attempt.task, why(attempt.task))
    }
  }

  /** Memory is short: inputs that are kept for practice go. */
  stopRehearsing(): void {
    this.#rehearsals?.clear()
  }

  #isIdle(): boolean {
    if (this.#running.size > 0 || this.#anywhere.length > 0) return false
    for (const queue of this.#pinned.values()) if (queue.length > 0) return false
    return true
  }

  /** Plans and queues one more attempt. */
  #try(task: Pending): void {
    const { job } = task.spec
    if (task.done) return
    if (this.#closed || job.cancelled) {
      this.#settle(task, givenUp(task.spec, this.#closed))
      return
    }
    let planned: PlannedTask | MissingOutputs
    try {
      planned = task.spec.plan()
    } catch (error) {
      this.#settle(task, error)
      return
    }
    if (planned instanceof MissingOutputs) {
      task.done = true
      task.resolve(planned)
      return
    }
    this.#queue(task, planned)
    if (this.#dispatching) return
    this.#dispatching = true
    // One round for all tasks of a stage: they are queued in one go.
    queueMicrotask(() => {
      this.#dispatching = false
      this.#dispatch()
    })
  }

  #queue(task: Pending, planned: PlannedTask): void {
    const attempt = this.#attempt(task, planned)
    if (planned.pinned === undefined) this.#anywhere.push(attempt)
    else {
      const queue = this.#pinned.get(planned.pinned)
      if (queue) queue.push(attempt)
      else this.#pinned.set(planned.pinned, [attempt])
    }
  }

  #attempt(task: Pending, planned: PlannedTask, program = this.#options.programs.number(planned.program)): Attempt {
    const pins = [...planned.blocks.map((block) => block.id), ...planned.files]
    this.#options.blocks.pin(pins)
    task.live++
    return { task, number: task.spec.attempts++, planned, pins, startedAt: 0, program }
  }

  /** A second copy of a task that is far behind the others of its stage; the first result wins. */
  #speculate({ task, planned }: Attempt): void {
    // Kept state has one place; a copy elsewhere would have to rebuild it first.
    if (task.done || task.live > 1 || planned.states.length > 0 || this.#anywhere.length > 0) return
    const { spec } = task
    const again = spec.plan()
    if (again instanceof MissingOutputs) return
    this.#options.events.emit('taskSpeculated', { job: spec.job.id, partition: spec.partition, label: spec.label })
    this.#queue(task, again)
    this.#dispatch()
  }

  #dispatch(): void {
    const threads = this.#options.pool.ready()
    for (let depth = 0; depth <= WAITING; depth++) {
      const share = Math.min(TOGETHER, Math.ceil(this.#anywhere.length / threads.length))
      for (const thread of threads) {
        if (thread.inFlight > depth) continue
        const attempt = this.#next(thread, depth, threads.length)
        if (attempt) this.#send(thread, depth === 0 ? this.#together(thread, attempt, share) : [attempt])
      }
    }
    for (const thread of threads) if (thread.inFlight === 0) this.#relieve(thread)
    this.#rehearsals?.idle()
  }

  /** Gives a thread that has nothing to do copies of what newcomers will be long at. */
  #relieve(thread: PoolThread): void {
    const { events, programs, overLimit } = this.#options
    const slow = this.#newcomers.slow(this.#running, thread)
    if (slow.length === 0 || overLimit()) return
    const copies: Attempt[] = []
    for (const { task, program } of slow) {
      if (copies.length > 0 && !(programs.isQuick(program) && copies.length < TOGETHER)) break
      const { spec } = task
      const again = spec.plan()
      if (again instanceof MissingOutputs) continue
      copies.push(this.#attempt(task, again))
      events.emit('taskSpeculated', { job: spec.job.id, partition: spec.partition, label: spec.label })
    }
    if (copies.length > 0) this.#send(thread, copies)
  }

  #next(thread: PoolThread, depth: number, threads: number): Attempt | undefined {
    const mine = this.#take(this.#pinned.get(thread.id))
    if (mine) return mine
    // A second task is given in advance only where enough are left for all: the last ones go to whoever is free first.
    if (depth > 0 && this.#anywhere.length < threads) return undefined
    return this.#take(this.#anywhere)
  }

  /** Adds further quick tasks to a quick one: the thread's own, and its share of those that may run anywhere. */
  #together(thread: PoolThread, first: Attempt, share: number): Attempt[] {
    const { programs } = this.#options
    const group = [first]
    if (!programs.isQuick(first.program)) return group
    const mine = this.#pinned.get(thread.id)
    while (group.length < TOGETHER) {
      const queue = mine?.length ? mine : group.length < share ? this.#anywhere : []
      const attempt = queue[0] && programs.isQuick(queue[0].program) ? this.#take(queue) : undefined
      if (!attempt) break
      group.push(attempt)
    }
    return group
  }

  /** The first attempt that is still wanted, and that memory allows. */
  #take(queue: Attempt[] | undefined): Attempt | undefined {
    for (let attempt = queue?.shift(); attempt; attempt = queue?.shift()) {
      const { task } = attempt
      const full = task.done ? undefined : this.#options.overLimit()
      if (full === 'wait') {
        queue!.unshift(attempt)
        return undefined
      }
      if (!task.done && !task.spec.job.cancelled && !full) return attempt
      this.#end(attempt)
      this.#settle(task, full ?? givenUp(task.spec, this.#closed))
    }
    return undefined
  }

  #send(thread: PoolThread, group: readonly Attempt[]): void {
    const messages: TaskMessage[] = []
    const sent: Attempt[] = []
    for (const attempt of group) {
      try {
        messages.push(this.#messages.of(thread, attempt))
        sent.push(attempt)
      } catch (error) {
        this.#end(attempt)
        this.#settle(attempt.task, error)
      }
    }
    const [first] = sent
    if (!first) return
    const list = this.#running.get(thread) ?? []
    for (const attempt of sent) attempt.startedAt = performance.now()
    append(list, sent)
    this.#running.set(thread, list)
    this.#watch.start()
    const leave = () => {
      list.splice(list.indexOf(first), sent.length)
      if (list[0]) list[0].startedAt = performance.now()
      if (list.length === 0) this.#running.delete(thread)
    }
    this.#options.pool.run(thread, messages).then(
      (results) => {
        leave()
        sent.forEach((attempt, i) => {
          const result = results[i]
          if (result?.ok === true && !attempt.task.done) this.#rehearsals?.saw(attempt, result.metrics.runMs)
          this.#end(attempt)
          try {
            if (!result) throw new TypeError('it is missing')
            if (attempt.rehearsal) this.#rehearsed(thread, attempt, result)
            else this.#answered(thread, attempt, result)
          } catch (error) {
            // It must not leave the job waiting for ever, nor be repeated without an end.
            this.#failed(attempt.task, unreadable(error), undefined)
          }
        })
        this.#dispatch()
      },
      (error: unknown) => {
        const died = error instanceof ThreadLostError
        // All messages of a dead thread come here in turn: the list stays as it was at the death, or each would be the
        // first. Of the tasks of the first message, the thread has left a note of the one that it was at.
        const at =
          list[0] === first ? (sent[Math.max(0, Atomics.load(thread.vitals, RUNNING) - 1)] ?? first) : undefined
        if (died) this.#running.delete(thread)
        else leave()
        for (const attempt of sent) {
          attempt.task.live--
          attempt.exchange?.failed(attempt.place)
          if (attempt.place !== undefined) this.#options.onOutputAstray()
          // The dead thread may be a zombie that still reads: its blocks stay until it has really exited.
          if (died) void thread.gone.then(() => this.#letGo(attempt))
          else this.#letGo(attempt)
          if (!attempt.rehearsal) this.#threadDied(thread, attempt.task, attempt === at, error)
          else if (!isKill(error)) this.#rehearsals?.failed(attempt.program)
        }
        this.#dispatch()
      },
    )
  }

  #rehearsed(thread: PoolThread, { program }: Attempt, result: TaskResult): void {
    if (result.ok === 'stale') return
    const { blocks, onReport } = this.#options
    onReport(thread.id, result.memory)
    const written = result.ok ? result.written.map(({ block }) => block) : []
    blocks.accept(thread.id, result.memory, written)
    blocks.discard(written)
    if (result.ok) this.#rehearsals?.ran(thread.id, program, result.metrics.runMs)
    else this.#rehearsals?.failed(program)
  }

  #answered(
    thread: PoolThread,
    { task, number, planned, program, exchange, place }: Attempt,
    result: TaskResult,
  ): void {
    const { blocks, events, programs } = this.#options
    if (result.ok === 'stale') {
      this.#again(task, undefined)
      return
    }
    this.#options.onReport(thread.id, result.memory)
    if (!result.ok) {
      blocks.accept(thread.id, result.memory, [])
      if (task.done) return
      if (this.#closed || task.spec.job.cancelled) {
        this.#settle(task, givenUp(task.spec, this.#closed))
      } else if (result.missingState) {
        this.#options.onMissingState(planned)
        this.#again(task, decodeError(result.error))
      } else {
        const error = decodeError(result.error)
        if (error instanceof FileChangedError) {
          const leftOut = this.#options.onFileChanged(planned, error)
          // The file will not change back: further attempts are of no use.
          if (!leftOut) this.#settle(task, error)
          // One file fewer each time: that comes to an end by itself, and a directory may have lost thousands.
          else if (leftOut === 'now') this.#retry(task)
          else this.#again(task, error)
          return
        }
        const block = error instanceof BlockCorruptError ? error.details.block : undefined
        if (typeof block === 'number' && block < 0) {
          // A file: nobody's fault here, and the next plan computes what it held.
          this.#options.onUnreadableFile(block, error as BlockCorruptError)
          this.#again(task, error)
          return
        }
        // The next attempt reads a copy, or has the block made again.
        if (typeof block === 'number') blocks.corrupt(block)
        // It finds one at a time, so it may take as many attempts as it reads blocks: no failure of its own.
        if (typeof block === 'number' && (exchange || number < planned.blocks.length)) this.#again(task, error)
        else this.#failed(task, error, result.label, result.failedOn)
      }
      return
    }
    const written = result.written.map(({ block }) => block)
    blocks.accept(thread.id, result.memory, written)
    this.#newcomers.ran(thread.id, program)
    if (task.done) {
      if (place !== undefined) this.#options.onOutputAstray()
      blocks.refuse(thread.id, written)
      events.emit('resultDropped', { job: task.spec.job.id, partition: task.spec.partition, thread: thread.id })
      return
    }
    let taken: Taken
    try {
      taken = this.#options.take(result)
    } catch (error) {
      if (place !== undefined) this.#options.onOutputAstray()
      blocks.refuse(thread.id, written)
      throw error
    }
    task.done = true
    task.spec.stage.runTimes.push(result.metrics.runMs)
    programs.ran(program, result.metrics.runMs)
    task.resolve({ planned, result, ...taken, thread: thread.id, reads: readsOf(planned, result) })
  }

  /** Only the task that was running can have killed its thread, and a kill from outside is nobody's fault. */
  #threadDied(thread: PoolThread, task: Pending, wasRunning: boolean, error: unknown): void {
    const reason = error instanceof ThreadLostError ? error.reason : undefined
    if (reason === undefined) {
      // Not a death: the message itself could not be sent, and would not be next time either.
      this.#settle(task, error)
    } else if (reason === 'closed') {
      this.#settle(task, cancelled('The context was stopped while this task ran.', { thread: thread.id }))
    } else if (!wasRunning || isKill(error)) {
      this.#again(task, error as Error)
    } else this.#failed(task, error as Error, undefined)
  }

  /** Another attempt after one that ended through no fault of the task, unless that has happened too often. */
  #again(task: Pending, cause: Error | undefined): void {
    if (task.done) return
    const { job, label } = task.spec
    if (!job.budget.setBack(task.spec)) {
      this.#retry(task)
      return
    }
    const last = cause ? `, lastly with: ${cause.message}` : ''
    const message = `${label} was interrupted too often in ${placeOf(task.spec)}: ${task.spec.attempts} attempts ended before their tasks did${last}`
    this.#settle(task, taskFailed(task.spec, message, cause))
  }

  #failed(task: Pending, cause: Error, operation: string | undefined, on?: FailedRecord): void {
    if (task.done) return
    const { job, partition, attempts } = task.spec
    const label = operation ?? task.spec.label
    const { times, over } = job.budget.failed(task.spec, cause instanceof ThreadLostError)
    if (over) {
      const message = `${label} failed in ${placeOf(task.spec)}, ${times} times, lastly with: ${cause.message}`
      this.#settle(task, taskFailed(task.spec, message, cause, label, on))
      return
    }
    this.#options.events.emit('taskRetried', { job: job.id, partition, attempt: attempts, label, error: cause })
    this.#retry(task)
  }

  /** Starts another attempt, unless one is under way. */
  #retry(task: Pending): void {
    if (!task.done && task.live === 0) this.#try(task)
  }

  #settle(task: Pending, error: unknown): void {
    if (task.done) return
    task.done = true
    task.reject(error)
  }

  /** An attempt is over: its blocks are its own no more. */
  #end(attempt: Attempt): void {
    attempt.task.live--
    this.#letGo(attempt)
  }

  #letGo({ pins, exchange, place }: Attempt): void {
    this.#options.blocks.unpin(pins)
    exchange?.ended(place)
  }
}
