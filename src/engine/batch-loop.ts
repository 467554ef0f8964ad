import { AsyncLocalStorage } from 'node:async_hooks'
import { StateError } from '../errors.js'
import type { Clock } from '../ops/clock.js'
import type { OutputOperation, StreamBuilder } from '../ops/dstream/builder.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { delay, until } from '../ops/wait.js'
import { type BatchFailure, BatchReadings } from './batch-readings.js'
import { BatchTimer } from './batch-timer.js'
import type { BatchLog } from './checkpoint/batch-log.js'
import type { Checkpointer } from './checkpoint/checkpointer.js'
import { currentBatch, currentSignal, type Engine, type RunningBatch } from './engine.js'
import type { BatchInfo, OutputInfo } from './events.js'
import type { Inputs } from './inputs.js'
import { LagWatch } from './lag-watch.js'
import { type OutputRetries, pauseAfter } from './output-retries.js'
import { outputFailed, sourceFailed } from './user-errors.js'

/** Batches that fall due together and are made together: of more, each waits for the one before. */
const AT_ONCE = 100

export interface BatchLoopOptions {
  readonly builder: StreamBuilder
  readonly engine: Engine
  readonly inputs: Inputs
  readonly clock: Clock
  /** Whether a failed output ends the streams, or is given up with its batch. */
  readonly onBatchError: 'stop' | 'skip'
  readonly checkpointer?: Checkpointer
  /** Present with checkpoints. */
  readonly log?: BatchLog
  readonly outputRetries: OutputRetries
  /** Batches that are made up for after a gap. */
  readonly maxCatchUp: number
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void
  /** A batch failed, and that ends the streams: its outputs that came after ran all the same. */
  readonly onFailure: (error: unknown, time: number) => void
}

/**
 * Makes a batch at every tick and runs batches one after the other. A tick only notes the time and seals what has
 * arrived; no tick is lost, however long a batch takes.
 */
export class BatchLoop {
  readonly #options: BatchLoopOptions
  /** RDDs by the stream and time that made them: let go when the stream forgets the time. */
  readonly #made = new Map<string, Rdd<unknown>[]>()
  readonly #readings: BatchReadings
  readonly #timer: BatchTimer
  readonly #lag: LagWatch
  #lastTime = 0
  /** The newest batch that is complete, and none of its outputs failed. */
  #completed: number | undefined
  #failed = false
  /** Batches that an earlier process had no time for, then those that fall due meanwhile. */
  #late: number[] = []
  #catchingUp: Promise<void> | undefined
  /** Batches that are made but not complete. */
  readonly #waiting = new Set<number>()
  /** The batches in order: each begins when the one before is complete. */
  #queue: Promise<void> = Promise.resolve()
  /** No batch starts any more. */
  #ended = false
  /** Aborts when the running batch is given up: its jobs are cancelled, and nobody waits for its outputs. */
  readonly #abandoned = new AbortController()
  #running: RunningBatch | undefined
  /** The label of the output operation that runs. */
  #output: string | undefined
  /**
   * Batches run in the async context of start(), whoever moves the clock or stops the streams. But for a signal around
   * start(): it is for the actions that are called under it, which batches are not.
   */
  readonly #asStarted = AsyncLocalStorage.snapshot()

  constructor(options: BatchLoopOptions) {
    this.#options = options
    const { builder, engine, clock, maxCatchUp, warn } = options
    this.#readings = new BatchReadings(builder, engine)
    this.#lag = new LagWatch({ interval: builder.batchInterval, events: engine.events, warn })
    this.#timer = new BatchTimer({
      clock,
      interval: builder.batchInterval,
      maxCatchUp,
      onDue: (times) => this.#due(times),
      warn,
    })
    builder.context.onRegister = (rdd) => {
      const owner = builder.owner
      if (!owner) return
      const key = `${owner[0].id}:${owner[1]}`
      const list = this.#made.get(key)
      if (list) list.push(rdd)
      else this.#made.set(key, [rdd])
    }
    engine.onObserved = (observation) => builder.eventTime.get(observation.stream)?.observe(observation)
    builder.onComputed = (_stream, _time, rdd) => {
      if ('operator' in rdd) engine.states.register(rdd as never)
    }
  }

  /**
   * Ticks from the first multiple of the batch interval after now. `after`: the last batch of an earlier process; those
   * since come first, each when the one before is complete. Answers with the time of the first tick.
   */
  start(after?: number): number {
    const { builder } = this.#options
    const last = after ?? builder.zeroTime
    builder.batchTime = last
    const late = this.#timer.start(last)
    this.#completed = after
    // Without a checkpoint, batches whose time passed during the start have no data: none is late.
    this.#catchUpOn(late)
    return this.#timer.next
  }

  /** Resolves when every batch of a tick that has fired is complete, and its checkpoint is written. */
  async idle(): Promise<void> {
    await this.#catchingUp
    await this.#queue
    await this.#options.checkpointer?.written()
  }

  /** Whether this is called by what a batch runs, which therefore must not wait for the end of that batch. */
  isInside(): boolean {
    return this.#running !== undefined && currentBatch.getStore() === this.#running
  }

  /** No more ticks. `flush` makes one last batch of what has arrived since the last tick; else only the running batch ends. */
  end(flush: boolean): void {
    this.#timer.stop()
    if (flush) this.#due([this.#timer.takeNext()])
    else this.#ended = true
  }

  /** Resolves when no batch runs or waits to run. */
  async drained(): Promise<void> {
    await this.#catchingUp
    await this.#queue
  }

  /** Gives up all batches: cancels the jobs of the running one. Returns the labels of the output operations that run. */
  abandon(): string[] {
    this.#ended = true
    const running = this.#output === undefined ? [] : [this.#output]
    this.#abandoned.abort(new StateError('The context is stopped; this batch was given up.'))
    return running
  }

  /** Times of the batches that are due and were not processed, ascending. */
  get unfinished(): number[] {
    return [...this.#waiting, ...this.#late]
  }

  /** No batch is waiting or running, and none has failed: nothing is lost if the process ends after a checkpoint. */
  get isClean(): boolean {
    return !this.#failed && this.#completed === this.#lastTime
  }

  #catchUpOn(times: readonly number[]): void {
    for (const time of times) this.#late.push(time)
    if (this.#late.length > 0) this.#catchingUp ??= this.#catchUp()
  }

  async #catchUp(): Promise<void> {
    for (let time = this.#late.shift(); time !== undefined; time = this.#late.shift()) {
      this.#make(time)
      await this.#queue
      if (this.#ended) break
    }
    this.#catchingUp = undefined
  }

  /** Many at once are made one after the other, or all would be in memory at the same time. */
  #due(times: readonly number[]): void {
    if (this.#catchingUp || times.length > AT_ONCE) this.#catchUpOn(times)
    else for (const time of times) this.#make(time)
  }

  #make(time: number): void {
    const { inputs, engine, clock } = this.#options
    this.#lastTime = time
    this.#waiting.add(time)
    const allocated = inputs.allocate(time)
    const submitted: BatchInfo = { time, submittedAt: clock.now(), ...inputs.figures(time), outputs: [] }
    engine.events.emit('batchSubmitted', submitted)
    this.#lag.due([...this.#waiting], this.#output)
    // The rejection is met in the batch itself.
    allocated.catch(() => undefined)
    const batch = () => this.#batch(submitted, allocated)
    this.#queue = this.#queue.then(() => this.#asStarted(() => currentSignal.run(this.#abandoned.signal, batch)))
  }

  async #batch(submitted: BatchInfo, allocated: Promise<void>): Promise<void> {
    if (this.#ended) return
    const { builder, engine, inputs, clock, onFailure, onBatchError, checkpointer } = this.#options
    const { time, submittedAt } = submitted
    this.#running = { time }
    const startedAt = clock.now()
    // Not below 0 where the clock was set back meanwhile.
    const schedulingDelay = Math.max(0, startedAt - submittedAt)
    const started = { ...submitted, startedAt, schedulingDelay, ...inputs.figures(time) }
    engine.events.emit('batchStarted', started)
    const outputs: OutputInfo[] = []
    const failures: BatchFailure[] = []
    const readings = this.#readings
    readings.begin()
    const checkpoint = !this.#failed && checkpointer?.isDue(time) === true
    engine.states.saving = checkpoint
    try {
      await allocated.finally(() => {
        builder.batchTime = time
      })
      for (const output of builder.outputs) {
        const outcome = await this.#run(output, time)
        if (this.#abandoned.signal.aborted) return
        if (!outcome) continue
        outputs.push(outcome.info)
        readings.read(output.stream, 'failure' in outcome)
        if ('failure' in outcome) failures.push({ label: output.label, error: outcome.failure })
      }
      if (failures.length === 0 || onBatchError === 'skip')
        failures.push(...(await currentBatch.run(this.#running, () => readings.makeState(time))))
    } catch (error) {
      failures.push({ label: 'input', error: sourceFailed('The input', `reach batch ${time} ms`, error) })
      readings.readNothing(time)
    }
    engine.states.saving = false
    if (this.#abandoned.signal.aborted) return
    this.#running = undefined
    const endedAt = clock.now()
    const processingDelay = Math.max(0, endedAt - startedAt)
    inputs.measured(time, { endedAt: this.#timer.now(), processingDelay, schedulingDelay })
    inputs.consumed(time)
    this.#options.log?.forget(time)
    const skip = failures.length > 0 && onBatchError === 'skip'
    if (skip) readings.skip(time)
    else readings.settle(time)
    if (failures.length === 0) this.#completed = time
    else if (!skip) this.#failed = true
    if (skip || failures.length === 0) this.#clean(time)
    if (checkpoint && failures.length === 0) await checkpointer!.take(time)
    const given = engine.deadLetters.take(time)
    if (given) engine.events.emit('deadLetters', given)
    this.#waiting.delete(time)
    const completed: BatchInfo = {
      ...started,
      ...inputs.figures(time),
      endedAt,
      processingDelay,
      totalDelay: schedulingDelay + processingDelay,
      deadLetters: given?.count ?? 0,
      outputs,
      eventTime: [...builder.eventTime.values()].flatMap((stream) => stream.info(time) ?? []),
    }
    engine.events.emit('batchCompleted', completed)
    this.#lag.completed(completed, this.unfinished)
    const [first] = failures
    if (skip)
      engine.events.emit('batchSkipped', { time, outputs: failures.map(({ label }) => label), error: first!.error })
    else if (first) onFailure(first.error, time)
  }

  /** One output operation; undefined where its stream does not fire at this time or has no dataset. */
  async #run(output: OutputOperation, time: number): Promise<{ info: OutputInfo; failure?: unknown } | undefined> {
    const { clock, log } = this.#options
    const { id, label, stream } = output
    if (!stream.isValid(time) || log?.mustNotRun(output, time)) return undefined
    const startedAt = clock.now()
    this.#output = label
    try {
      const rdd = stream.getOrCompute(time)
      if (!rdd) return undefined
      await this.#attempt(output, rdd, time)
      await log?.completed(time, id)
      return { info: { id, label, startedAt, endedAt: clock.now() } }
    } catch (failure) {
      const error = failure instanceof Error ? failure : new Error(String(failure))
      return { info: { id, label, startedAt, endedAt: clock.now(), error }, failure }
    } finally {
      if (!this.#abandoned.signal.aborted) this.#output = undefined
    }
  }

  /** Runs the function of an output operation, again if it fails, as often as `outputRetries` allows. */
  async #attempt(output: OutputOperation, rdd: Rdd<unknown>, time: number): Promise<void> {
    const { builder, engine, outputRetries } = this.#options
    const { signal } = this.#abandoned
    const { id, label, stream, run } = output
    for (let attempt = 1; ; attempt++) {
      try {
        const ran = currentBatch.run(this.#running!, () => builder.within(stream, time, () => run(rdd, time)))
        await until(Promise.resolve(ran), signal)
        return
      } catch (cause) {
        const error = outputFailed(output, time, cause)
        if (attempt >= outputRetries.attempts || signal.aborted) throw error
        const pause = pauseAfter(attempt, outputRetries)
        engine.events.emit('outputRetried', { time, id, label, attempt, pause, error })
        await delay(pause, signal)
      }
    }
  }

  /** Lets go what no later batch can ask for. */
  #clean(time: number): void {
    const { builder, engine, inputs } = this.#options
    for (const stream of builder.streams) {
      const times = stream.forget(time)
      for (const old of times) {
        const key = `${stream.id}:${old}`
        for (const rdd of this.#made.get(key) ?? []) engine.forget(rdd)
        this.#made.delete(key)
      }
      if (times.length > 0) inputs.forget(stream.id, times)
    }
    inputs.forgetUnused(time)
  }

  /** The time of the newest tick. */
  get lastTime(): number {
    return this.#lastTime
  }
}
