import type { OutputOperation } from '../../ops/dstream/graph.js'
import { noteTextSteps } from '../../ops/dstream/kernel-notes.js'
import { hasNamed, withAdditionsRestored } from '../../ops/rdd/accumulators.js'
import type { BatchLog } from '../checkpoint/batch-log.js'
import type { Checkpointer } from '../checkpoint/checkpointer.js'
import { currentBatch, type RunningBatch } from '../current-batch.js'
import type { BatchInfo, OutputInfo } from '../events/batch-info.js'
import type { BatchPhases } from '../events/batch-progress.js'
import type { InputTracker } from '../receivers/input-tracker.js'
import { sourceFailed } from '../user-code/user-errors.js'
import type { BatchDatasets } from './batch-datasets.js'
import { type BatchFailure, BatchReadings } from './batch-readings.js'
import type { BatchTimer } from './batch-timer.js'
import { type OutputLog, OutputRunner, type OutputRunnerOptions } from './output-runner.js'
import { PhaseTimes } from './phase-times.js'

export interface BatchRunnerOptions extends OutputRunnerOptions {
  readonly inputs: InputTracker
  readonly timer: Pick<BatchTimer, 'now'>
  readonly datasets: BatchDatasets
  /** The policy for a failed output: 'stop' stops the streams, 'skip' skips the batch. */
  readonly onBatchError: 'stop' | 'skip'
  readonly checkpointer: Checkpointer | undefined
  readonly log: (OutputLog & Pick<BatchLog, 'forget' | 'counted'>) | undefined
}

/** A batch whose events `batchSubmitted` and `batchStarted` have been emitted. */
type StartedBatch = BatchInfo & { readonly startedAt: number; readonly schedulingDelay: number }

/** A batch that has run. */
export interface FinishedBatch {
  readonly info: BatchInfo
  readonly failures: readonly BatchFailure[]
  /** Whether later windows and state exclude the data that only its failed outputs have read. */
  readonly isSkipped: boolean
  readonly phases: BatchPhases
}

interface Work {
  readonly outputs: OutputInfo[]
  readonly failures: BatchFailure[]
  readonly phases: PhaseTimes
}

/** Runs batches, one at a time: their outputs, keyed state that no output read, and the steps after a success. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions
  readonly #readings: BatchReadings
  readonly #outputs: OutputRunner
  #running: RunningBatch | undefined
  #lastGood: number | undefined
  #hasFailed = false

  /** `lastGood`: the batch of the checkpoint from which the streams resume. */
  constructor(options: BatchRunnerOptions) {
    this.#options = options
    this.#readings = new BatchReadings(options.graph, options.engine)
    this.#outputs = new OutputRunner(options)
  }

  /**
   * The last complete batch, if a checkpoint after it would contain everything: no batch has failed.
   */
  get lastGood(): number | undefined {
    return this.#hasFailed ? undefined : this.#lastGood
  }

  /** Resumes after the batch of a checkpoint. */
  resumeAfter(time: number | undefined): void {
    this.#lastGood = time
  }

  /** The label of the running output operation. */
  get runningOutput(): string | undefined {
    return this.#outputs.running
  }

  /** Whether the caller runs inside a batch, and therefore must not wait for its end. */
  isInside(): boolean {
    return this.#running !== undefined && currentBatch.getStore() === this.#running
  }

  /**
   * Runs a batch when its inputs are assigned, which resolves with the ms that it took. Returns undefined if the batches
   * are abandoned meanwhile.
   */
  async run(submitted: BatchInfo, assigned: Promise<number>): Promise<FinishedBatch | undefined> {
    const { engine, checkpointer, abandoned } = this.#options
    const { time } = submitted
    const batch: RunningBatch = { time }
    this.#running = batch
    const started = this.#started(submitted)
    const checkpoint = !this.#hasFailed && checkpointer?.isDue(time) === true
    engine.states.saving = checkpoint
    const work = await this.#work(batch, assigned)
    if (abandoned.aborted) return undefined
    engine.states.saving = false
    this.#running = undefined
    const { phases } = work
    phases.begin()
    const finished = this.#finished(started, work)
    phases.end('commit')
    if (checkpoint && work.failures.length === 0) {
      await this.#counting(this.#isCounted(time), () => checkpointer!.take(time))
      phases.end('checkpoint')
    }
    return this.#withDeadLetters({ ...finished, phases: phases.ms })
  }

  #started(submitted: BatchInfo): StartedBatch {
    const { engine, clock, inputs } = this.#options
    const startedAt = clock.now()
    // The clock may have been set back meanwhile.
    const schedulingDelay = Math.max(0, startedAt - submitted.submittedAt)
    const started = { ...submitted, startedAt, schedulingDelay, ...inputs.figures(submitted.time) }
    engine.events.emit('batchStarted', started)
    return started
  }

  async #work(batch: RunningBatch, assigned: Promise<number>): Promise<Work> {
    const { graph, onBatchError } = this.#options
    const { time } = batch
    const phases = new PhaseTimes()
    const makeState = () => currentBatch.run(batch, () => this.#readings.makeState(time))
    const work: Work = { outputs: [], failures: [], phases }
    this.#readings.begin()
    try {
      const allocateMs = await assigned.finally(() => {
        graph.batchTime = time
      })
      phases.add('allocate', allocateMs)
      await this.#remake(batch, work)
      await this.#runOutputs(batch, work)
      phases.begin()
      if (work.failures.length === 0 || onBatchError === 'skip')
        work.failures.push(...(await this.#counting(this.#isCounted(time), makeState)))
      phases.end('run')
    } catch (error) {
      work.failures.push({ label: 'input', error: sourceFailed('The input', `reach batch ${time} ms`, error) })
      this.#readings.readNothing(time)
    }
    return work
  }

  async #runOutputs(batch: RunningBatch, { outputs, failures, phases }: Work): Promise<void> {
    for (const output of this.#options.graph.outputs) {
      const run = () => this.#outputs.run(output, batch, phases)
      const outcome = await this.#counting(this.#isCounted(batch.time, output), run)
      if (this.#options.abandoned.aborted) return
      if (!outcome) continue
      const failed = 'failure' in outcome
      outputs.push(outcome.info)
      this.#readings.read(output.stream, failed)
      if (failed) failures.push({ label: output.label, error: outcome.failure })
    }
  }

  /**
   * Computes what the outputs have read that completed in an earlier process: its additions to accumulators count already, and
   * what runs after it must not make them again.
   */
  async #remake(batch: RunningBatch, { failures }: Work): Promise<void> {
    const { graph, log } = this.#options
    const { time } = batch
    if (time !== log?.counted.last || !hasNamed(graph.context)) return
    const isCounted = (output: OutputOperation) => this.#isCounted(time, output)
    const remake = () => currentBatch.run(batch, () => this.#readings.remake(time, isCounted))
    failures.push(...(await withAdditionsRestored(remake)))
  }

  /** Whether the additions of a whole batch, or of one of its outputs, to accumulators with a name count already. */
  #isCounted(time: number, output?: OutputOperation): boolean {
    const { graph, log } = this.#options
    if (!log) return false
    return output ? log.counted.hasOutput(graph.outputIds.get(output)!, time) : time < log.counted.last
  }

  #counting<R>(isCounted: boolean, run: () => R): R {
    return isCounted ? withAdditionsRestored(run) : run()
  }

  /** Updates inputs, readings and datasets after the work of a batch. */
  #finished(started: StartedBatch, { outputs, failures }: Work): Omit<FinishedBatch, 'phases'> {
    const { graph, inputs, clock, timer, log } = this.#options
    const { time, startedAt, schedulingDelay } = started
    const endedAt = clock.now()
    const processingDelay = Math.max(0, endedAt - startedAt)
    inputs.measured(time, { endedAt: timer.now(), processingDelay, schedulingDelay })
    inputs.consumed(time)
    log?.forget(time)
    noteTextSteps(graph.streams, time)
    const isSkipped = this.#settle(time, failures)
    const totalDelay = schedulingDelay + processingDelay
    const eventTime = [...graph.eventTime.values()].flatMap((stream) => stream.info(time) ?? [])
    const delays = { endedAt, processingDelay, totalDelay }
    const info: BatchInfo = { ...started, ...inputs.figures(time), ...delays, outputs, eventTime }
    return { info, failures, isSkipped }
  }

  /**
   * Decides whether the batch counts for later batches, and releases the data that they cannot read. Returns whether it
   * is skipped.
   */
  #settle(time: number, failures: readonly BatchFailure[]): boolean {
    const { inputs, datasets, onBatchError } = this.#options
    const isGood = failures.length === 0
    const isSkipped = !isGood && onBatchError === 'skip'
    if (isSkipped) this.#readings.skip(time)
    else this.#readings.settle(time)
    if (isGood) this.#lastGood = time
    else if (!isSkipped) this.#hasFailed = true
    if (isGood || isSkipped) {
      inputs.commit(time)
      datasets.releaseAfter(time)
      if (isGood) datasets.batchDone(time)
    }
    return isSkipped
  }

  #withDeadLetters(finished: FinishedBatch): FinishedBatch {
    const { engine } = this.#options
    const letters = engine.deadLetters.take(finished.info.time)
    if (letters) engine.events.emit('deadLetters', letters)
    return { ...finished, info: { ...finished.info, deadLetters: letters?.count ?? 0 } }
  }
}
