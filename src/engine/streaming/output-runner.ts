import type { Clock } from '../../ops/clock.js'
import type { OutputCall, OutputOperation, StreamGraph } from '../../ops/dstream/graph.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import { delay, until } from '../../ops/wait.js'
import { isFinal } from '../../values/is-final.js'
import type { BatchLog } from '../checkpoint/batch-log.js'
import { currentBatch, type RunningBatch } from '../current-batch.js'
import type { Engine } from '../engine.js'
import type { OutputInfo } from '../events/batch-info.js'
import { outputFailed } from '../user-code/user-errors.js'
import type { OutputDigests } from './output-digests.js'
import { type OutputRetries, pauseAfter } from './output-retries.js'
import type { PhaseTimes } from './phase-times.js'

/** Which outputs of a batch run, and the record of those that have. */
export type OutputLog = Pick<BatchLog, 'isDone' | 'isDecided' | 'confirm' | 'completed'>

/** Performs an output operation on its dataset of a batch. */
export type Perform = (output: OutputOperation, rdd: Rdd<unknown>, call: OutputCall) => unknown

export interface OutputRunnerOptions {
  readonly graph: StreamGraph
  readonly engine: Engine
  readonly clock: Clock
  readonly log: OutputLog | undefined
  /** Set if the digests of the records that outputs have are recorded. */
  readonly digests: OutputDigests | undefined
  /** Default: calls the function of the operation. */
  readonly perform?: Perform
  readonly outputRetries: OutputRetries
  /** Aborts when the batches are abandoned: no output is waited for any longer. */
  readonly abandoned: AbortSignal
}

/** An output operation that has run for a batch. `failure` is set if it failed. */
export interface OutputOutcome {
  readonly info: OutputInfo
  readonly failure?: unknown
}

/** Runs the output operations of batches, one at a time. */
export class OutputRunner {
  readonly #options: OutputRunnerOptions
  #running: string | undefined

  constructor(options: OutputRunnerOptions) {
    this.#options = options
  }

  /** The label of the output operation that runs, or was running when the batches were abandoned. */
  get running(): string | undefined {
    return this.#running
  }

  /** Runs an output operation. Returns undefined if its stream does not fire in this batch or has no dataset. */
  async run(output: OutputOperation, batch: RunningBatch, phases: PhaseTimes): Promise<OutputOutcome | undefined> {
    const { clock, log, abandoned, engine } = this.#options
    const { id, label, stream } = output
    const { time } = batch
    if (!stream.isValid(time) || log?.isDone(output, time)) return undefined
    const startedAt = clock.now()
    this.#running = label
    batch.output = id
    phases.begin()
    let phase: 'plan' | 'run' | 'commit' = 'plan'
    try {
      const rdd = stream.getOrCompute(time)
      phases.end('plan')
      if (!rdd) return undefined
      if (engine.events.observes('outputStarted')) engine.events.emit('outputStarted', { time, id, label })
      phase = 'run'
      const digest = await this.#digested(rdd, batch, () => this.#attempt(output, rdd, batch))
      phases.end('run')
      phase = 'commit'
      await log?.completed(time, output, digest)
      return this.#ended(time, { id, label, startedAt, endedAt: clock.now() })
    } catch (failure) {
      const error = failure instanceof Error ? failure : new Error(String(failure))
      return { ...this.#ended(time, { id, label, startedAt, endedAt: clock.now(), error }), failure }
    } finally {
      phases.end(phase)
      batch.output = undefined
      if (!abandoned.aborted) this.#running = undefined
    }
  }

  #ended(time: number, info: OutputInfo): OutputOutcome {
    const { engine, abandoned } = this.#options
    if (!abandoned.aborted && engine.events.observes('outputCompleted'))
      engine.events.emit('outputCompleted', { ...info, time })
    return { info }
  }

  /** Returns the digest of the records that the output had; undefined if none is recorded. */
  async #digested(rdd: Rdd<unknown>, batch: RunningBatch, use: () => Promise<void>): Promise<string | undefined> {
    const { digests } = this.#options
    if (digests) return await currentBatch.run(batch, () => digests.after(rdd, use))
    await use()
    return undefined
  }

  /** Calls the function of an output operation. Calls it again after a failure, as often as `outputRetries` allows, unless it is final. */
  async #attempt(output: OutputOperation, rdd: Rdd<unknown>, batch: RunningBatch): Promise<void> {
    const { graph, engine, log, outputRetries, abandoned, perform = performed } = this.#options
    const { id, label, stream } = output
    const { time } = batch
    const replayed = log?.isDecided(time) === true
    for (let attempt = 1; ; attempt++) {
      await log?.confirm()
      try {
        const call = { time, outputId: graph.outputIds.get(output)!, attempt, replayed }
        const result = currentBatch.run(batch, () => graph.within(stream, time, () => perform(output, rdd, call)))
        const hasEnded = await until(
          Promise.resolve(result).then(() => true),
          abandoned,
        )
        // An interrupted output must not be recorded as completed: it runs again after a restart.
        if (!hasEnded) throw abandoned.reason
        return
      } catch (cause) {
        const error = outputFailed(output, time, cause)
        if (attempt >= outputRetries.attempts || abandoned.aborted || isFinal(cause)) throw error
        const pause = pauseAfter(attempt, outputRetries)
        engine.events.emit('outputRetried', { time, id, label, attempt, pause, error })
        await delay(pause, abandoned)
        if (abandoned.aborted) throw error
      }
    }
  }
}

const performed: Perform = ({ run }, rdd, call) => run(rdd, call)
