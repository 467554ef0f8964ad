import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../ops/clock.js'
import type { OutputOperation, StreamBuilder } from '../ops/dstream/builder.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { type BatchFailure, BatchReadings } from './batch-readings.js'
import type { BatchLog } from './checkpoint/batch-log.js'
import type { Checkpointer } from './checkpoint/checkpointer.js'
import { currentBatch, currentSignal, type Engine, type RunningBatch } from './engine.js'
import type { BatchInfo, OutputInfo } from './events.js'
import type { Inputs } from './inputs.js'

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
  #nextTime = 0
  #lastTime = 0
  /** The newest batch that is complete, and none of its outputs failed. */
  #completed: number | undefined
  #failed = false
  /** Batches that an earlier process had no time for, then those that fall due meanwhile. */
  #late: number[] = []
  #catchingUp: Promise<void> | undefined
  #takeBack: (() => void) | undefined
  /** The batches in order: each begins when the one before is complete. */
  #queue: Promise<void> = Promise.resolve()
  #abandoned = false
  #running: RunningBatch | undefined
  /**
   * Batches run in the async context of start(), whoever moves the clock or stops the streams. But for a signal around
   * start(): it is for the actions that are called under it, which batches are not.
   */
  readonly #asStarted = AsyncLocalStorage.snapshot()

  constructor(options: BatchLoopOptions) {
    this.#options = options
    const { builder, engine } = options
    this.#readings = new BatchReadings(builder, engine)
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
    const { builder, clock } = this.#options
    const { zeroTime, batchInterval } = builder
    const last = after ?? zeroTime
    builder.batchTime = last
    const due =
      after === undefined ? zeroTime : zeroTime + Math.floor((clock.now() - zeroTime) / batchInterval) * batchInterval
    for (let time = last + batchInterval; time <= due; time += batchInterval) this.#late.push(time)
    this.#nextTime = Math.max(last, due) + batchInterval
    this.#completed = after
    if (this.#late.length > 0) this.#catchingUp = this.#catchUp()
    this.#arm()
    return this.#nextTime
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

  /** No more ticks. `flush` makes one last batch of what has arrived since the last tick. */
  async stop(flush: boolean): Promise<void> {
    this.#takeBack?.()
    if (flush) this.#tick()
    else this.#abandoned = true
    await this.#catchingUp
    await this.#queue
  }

  /** No batch is waiting or running, and none has failed: nothing is lost if the process ends after a checkpoint. */
  get isClean(): boolean {
    return !this.#failed && this.#completed === this.#lastTime
  }

  async #catchUp(): Promise<void> {
    for (let time = this.#late.shift(); time !== undefined && !this.#abandoned; time = this.#late.shift()) {
      this.#make(time)
      await this.#queue
    }
    this.#catchingUp = undefined
  }

  #arm(): void {
    this.#takeBack = this.#options.clock.at(this.#nextTime, () => {
      this.#tick()
      this.#arm()
    })
  }

  #tick(): void {
    const time = this.#nextTime
    this.#nextTime += this.#options.builder.batchInterval
    if (this.#catchingUp) this.#late.push(time)
    else this.#make(time)
  }

  #make(time: number): void {
    const { inputs, engine, clock } = this.#options
    this.#lastTime = time
    const allocated = inputs.allocate(time)
    const submitted: BatchInfo = { time, submittedAt: clock.now(), records: 0, inputs: inputs.info(time), outputs: [] }
    engine.events.emit('batchSubmitted', submitted)
    // The rejection is met in the batch itself.
    allocated.catch(() => undefined)
    const batch = () => this.#batch(submitted, allocated)
    this.#queue = this.#queue.then(() => this.#asStarted(() => currentSignal.run(undefined, batch)))
  }

  async #batch(submitted: BatchInfo, allocated: Promise<void>): Promise<void> {
    if (this.#abandoned) return
    const { builder, engine, inputs, clock, onFailure, onBatchError, checkpointer } = this.#options
    const { time, submittedAt } = submitted
    this.#running = { time }
    const startedAt = clock.now()
    const started = { ...submitted, startedAt, schedulingDelay: startedAt - submittedAt, inputs: inputs.info(time) }
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
        const outcome = await this.#output(output, time)
        if (!outcome) continue
        outputs.push(outcome.info)
        readings.read(output.stream, 'failure' in outcome)
        if ('failure' in outcome) failures.push({ label: output.label, error: outcome.failure })
      }
      if (failures.length === 0 || onBatchError === 'skip')
        failures.push(...(await currentBatch.run(this.#running, () => readings.makeState(time))))
    } catch (error) {
      failures.push({ label: 'input', error })
      readings.readNothing(time)
    }
    engine.states.saving = false
    this.#running = undefined
    const endedAt = clock.now()
    const processingDelay = endedAt - startedAt
    inputs.measured(time, { endedAt, processingDelay, schedulingDelay: started.schedulingDelay })
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
    const infos = inputs.info(time)
    engine.events.emit('batchCompleted', {
      ...started,
      endedAt,
      processingDelay,
      totalDelay: endedAt - submittedAt,
      records: infos.reduce((sum, input) => sum + input.records, 0),
      deadLetters: given?.count ?? 0,
      inputs: infos,
      outputs,
      eventTime: [...builder.eventTime.values()].flatMap((stream) => stream.info(time) ?? []),
    })
    const [first] = failures
    if (skip)
      engine.events.emit('batchSkipped', { time, outputs: failures.map(({ label }) => label), error: first!.error })
    else if (first) onFailure(first.error, time)
  }

  /** One output operation; nothing where its stream does not fire at this time or has no dataset. */
  async #output(output: OutputOperation, time: number): Promise<{ info: OutputInfo; failure?: unknown } | undefined> {
    const { clock, builder, log } = this.#options
    const { id, label, stream } = output
    if (!stream.isValid(time) || log?.mustNotRun(output, time)) return undefined
    const startedAt = clock.now()
    try {
      const rdd = stream.getOrCompute(time)
      if (!rdd) return undefined
      await currentBatch.run(this.#running!, () => builder.within(stream, time, () => output.run(rdd, time)))
      await log?.completed(time, id)
      return { info: { id, label, startedAt, endedAt: clock.now() } }
    } catch (failure) {
      const error = failure instanceof Error ? failure : new Error(String(failure))
      return { info: { id, label, startedAt, endedAt: clock.now(), error }, failure }
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
