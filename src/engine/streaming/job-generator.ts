import { AsyncLocalStorage } from 'node:async_hooks'
import { StateError } from '../../errors.js'
import { nextTurn } from '../../ops/wait.js'
import { currentSignals } from '../current-batch.js'
import type { BatchInfo } from '../events/batch-info.js'
import type { Logger } from '../logger.js'
import { BatchRunner, type BatchRunnerOptions, type FinishedBatch } from './batch-runner.js'
import { BatchTimer, type DueBatches } from './batch-timer.js'
import { LagWatch } from './lag-watch.js'
import { ProgressReports } from './progress-reports.js'

/**
 * Most batches that are submitted together when they fall due together. If there are more, each waits for the one
 * before.
 */
const AT_ONCE = 100

export interface JobGeneratorOptions extends Omit<BatchRunnerOptions, 'timer' | 'abandoned'> {
  /** Most batches to run after a gap. */
  readonly maxCatchUp: number
  readonly logger: Logger
  readonly owner: FailureListener
}

/** The context that runs batches. */
export interface FailureListener {
  /** Called when a batch failed and that stops the streams. The outputs after the failed one have run nevertheless. */
  fail(error: unknown): void
  /** Called when all inputs have reached the end that they had at the start, and the batches are complete. */
  caughtUp(): void
}

/**
 * Submits a batch at every tick and runs batches one after the other. A tick only records the time and seals the data
 * that has arrived, so no tick is lost, however long a batch takes.
 */
export class JobGenerator implements DueBatches {
  readonly #options: JobGeneratorOptions
  readonly #timer: BatchTimer
  readonly #runner: BatchRunner
  readonly #lag: LagWatch
  readonly #progress: ProgressReports
  /** Aborts when the running batch is abandoned: its jobs are cancelled, and nothing waits for its outputs. */
  readonly #abandoned = new AbortController()
  /** Batches that are submitted but not complete. */
  readonly #waiting = new Set<number>()
  /** Batches that are not submitted yet: those since a checkpoint, then those that fall due meanwhile. */
  #late: number[] = []
  #catchingUp: Promise<void> | undefined
  /** The chain of batches: each starts when the one before is complete. */
  #queue: Promise<void> = Promise.resolve()
  #lastTime = 0
  /** Whether no batch starts any more. */
  #ended = false
  /** Whether batches run one after the other until the inputs are at their end or a stop ends them. */
  #aheadOfClock = false
  /**
   * Batches run in the async context of start(), whatever code moves the clock or stops the streams. The signal around
   * start() is excluded: it is meant for actions.
   */
  readonly #asStarted = AsyncLocalStorage.snapshot()

  constructor(options: JobGeneratorOptions) {
    this.#options = options
    const { graph, engine, clock, maxCatchUp, logger } = options
    const interval = graph.batchInterval
    this.#lag = new LagWatch({ interval, events: engine.events, logger })
    this.#progress = new ProgressReports(graph, engine)
    this.#timer = new BatchTimer({ clock, interval, maxCatchUp, due: this, events: engine.events, logger })
    this.#runner = new BatchRunner({ ...options, timer: this.#timer, abandoned: this.#abandoned.signal })
  }

  /**
   * Ticks from the first multiple of the batch interval after now. `after`: the last batch of an earlier process. The
   * batches since then run first, each when the one before is complete. Returns the time of the first tick.
   */
  start(after?: number): number {
    const { graph } = this.#options
    const last = after ?? graph.zeroTime
    graph.batchTime = last
    this.#lastTime = last
    const late = this.#timer.start(last)
    this.#runner.resumeAfter(after)
    this.#catchUpOn(late)
    return this.#timer.next
  }

  /**
   * Runs batches one after the other, ahead of the clock, until all inputs are at their end. `after` as in `start`.
   * Returns the time of the first batch.
   */
  startAhead(after?: number): number {
    const { graph } = this.#options
    const last = after ?? graph.zeroTime
    graph.batchTime = last
    this.#lastTime = last
    this.#timer.startAhead(last)
    this.#runner.resumeAfter(after)
    this.#aheadOfClock = true
    this.#catchingUp = this.#runAhead()
    return last + graph.batchInterval
  }

  /** Resolves when every batch whose tick has fired is complete, and its checkpoint is written. */
  async idle(): Promise<void> {
    await this.drained()
    await this.#options.checkpointer?.written()
  }

  /** Whether the caller runs inside a batch, and therefore must not wait for its end. */
  isInside(): boolean {
    return this.#runner.isInside()
  }

  /**
   * Stops the ticks. With `flush`, one last batch processes the data that has arrived since the last tick; otherwise
   * only the running batch ends. An earlier stop may have taken the batch of this interval: then there is a batch only for
   * received data, because each more puts batch times further ahead of the clock.
   */
  end(flush: boolean): void {
    this.#timer.stop()
    if (!flush) this.#ended = true
    // Direct sources plan the rest of their input at the next start.
    else if (this.#aheadOfClock) this.#aheadOfClock = false
    else if (!this.#timer.isAhead || this.#options.inputs.hasReceived) this.due([this.#timer.takeNext()])
  }

  /** Resolves when no batch runs or waits to run. */
  async drained(): Promise<void> {
    await this.#catchingUp
    await this.#queue
  }

  /**
   * Abandons all batches and cancels the jobs of the running one. Returns the labels of the running output operations.
   */
  abandon(): string[] {
    this.#ended = true
    const output = this.#runner.runningOutput
    this.#abandoned.abort(new StateError('The context is stopped; this batch was abandoned.'))
    return output === undefined ? [] : [output]
  }

  /** Times of the batches that are due and not complete, ascending. */
  get unfinished(): number[] {
    return [...this.#waiting, ...this.#late]
  }

  /**
   * Whether no batch is waiting or running, and none has failed: a process that ends after a checkpoint then loses
   * nothing.
   */
  get isClean(): boolean {
    return this.#runner.lastGood === this.#lastTime
  }

  /** The time of the newest batch, of this process or of an earlier one. */
  get lastTime(): number {
    return this.#lastTime
  }

  /**
   * Called when batches fall due. If there are many, they run one after the other; otherwise the data of all would be
   * in memory at the same time.
   */
  due(times: readonly number[]): void {
    if (this.#catchingUp || times.length > AT_ONCE) this.#catchUpOn(times)
    else for (const time of times) this.#submit(time)
  }

  #catchUpOn(times: readonly number[]): void {
    for (const time of times) this.#late.push(time)
    if (this.#late.length > 0) this.#catchingUp ??= this.#catchUp()
  }

  async #catchUp(): Promise<void> {
    for (let time = this.#late.shift(); time !== undefined; time = this.#late.shift()) {
      this.#submit(time)
      await this.#queue
      if (this.#ended) break
    }
    this.#catchingUp = undefined
  }

  async #runAhead(): Promise<void> {
    const { inputs, owner } = this.#options
    // The clock has no alarm that would keep the process alive, so this timer does.
    const alive = setInterval(() => {}, 60_000)
    try {
      for (await nextTurn(); this.#aheadOfClock && !this.#ended; await nextTurn()) {
        const time = this.#timer.takeAhead()
        this.#submit(time)
        await this.#queue
        if (this.#ended || !inputs.areAtEnd) continue
        owner.caughtUp()
        return
      }
    } finally {
      clearInterval(alive)
      this.#catchingUp = undefined
    }
  }

  #submit(time: number): void {
    const { inputs, engine, clock } = this.#options
    this.#lastTime = time
    this.#waiting.add(time)
    const began = performance.now()
    const assigned = inputs.allocate(time, this.#timer.clockTime(time)).then(() => performance.now() - began)
    const submitted: BatchInfo = { time, submittedAt: clock.now(), ...inputs.figures(time), outputs: [] }
    engine.events.emit('batchSubmitted', submitted)
    this.#lag.due([...this.#waiting], this.#runner.runningOutput)
    // The batch itself handles the rejection.
    assigned.catch(() => undefined)
    const batch = () => this.#run(submitted, assigned)
    this.#queue = this.#queue.then(() => this.#asStarted(() => currentSignals.run([this.#abandoned.signal], batch)))
  }

  async #run(submitted: BatchInfo, assigned: Promise<number>): Promise<void> {
    if (this.#ended) return
    const finished = await this.#runner.run(submitted, assigned)
    if (!finished) return
    this.#report(finished)
    // Outputs that block the host would otherwise run batch after batch without a turn for timers and sockets.
    if (this.#waiting.size > 0 || this.#late.length > 0) await nextTurn()
  }

  #report(finished: FinishedBatch): void {
    const { engine, owner } = this.#options
    const { info, failures, isSkipped } = finished
    const { time } = info
    this.#waiting.delete(time)
    engine.events.emit('batchCompleted', info)
    const { unfinished } = this
    this.#progress.report(finished, unfinished.length)
    this.#lag.completed(info, unfinished)
    const [first] = failures
    if (!first) return
    const outputs = failures.map(({ label }) => label)
    if (isSkipped) engine.events.emit('batchSkipped', { time, outputs, error: first.error })
    else owner.fail(first.error)
  }
}
