import { StateError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import { kernelNotesOf } from '../../ops/dstream/kernel-notes.js'
import { checkNames } from '../../ops/option-names.js'
import { toMillis } from '../../ops/time.js'
import type { CheckpointStore } from '../checkpoint/store.js'
import type { Context } from '../context.js'
import { engineOf } from '../engine-of.js'
import type { StreamsStatus } from '../status/streams-status.js'
import { takeStatus } from '../status/take-status.js'
import type { ContextRuntime } from './context-runtime.js'
import { NamedOutputs } from './named-outputs.js'
import { unlessNeverStarted } from './never-started.js'
import { checkOnMaster } from './on-master.js'
import type { OutputHost } from './output-queue.js'
import type { RecordedBatches } from './replay/recorded-batches.js'
import { checkReplayOptions, type ReplayedBatch, type ReplayOptions } from './replay/replay-options.js'
import { ReplayRun } from './replay/replay-run.js'
import { checkGraph, checkRunnable } from './runnable.js'
import { checkHasDirectory, checkHasEnd, checkStartOptions, type StartOptions } from './start-options.js'
import { StopDeadline } from './stop-deadline.js'
import {
  abandonedWork,
  defaultStopMs,
  describeAbandoned,
  isComplete,
  NOTHING_ABANDONED,
  STOP_OPTIONS,
  type StopOptions,
  type StopResult,
} from './stop-result.js'
import { StreamRun } from './stream-run.js'
import type { CheckedStreamingOptions, StreamingState } from './streaming-options.js'

export interface LifecycleOptions {
  readonly graph: StreamGraph
  readonly context: Context
  readonly runtime: ContextRuntime
  readonly options: CheckedStreamingOptions
}

/** Starts and stops the streams of one context, once each, and stores the error that stopped them. */
export class Lifecycle implements OutputHost {
  /** Named outputs, which outlive the run. */
  readonly outputs: NamedOutputs
  readonly #options: LifecycleOptions
  #store: CheckpointStore | undefined
  #dropState: readonly string[] = []
  #state: StreamingState = 'INITIALIZED'
  #run: StreamRun | undefined
  #stopping: { readonly ended: Promise<StopResult>; readonly deadline: StopDeadline } | undefined
  #failure: { readonly error: unknown } | undefined
  #draining = false
  readonly #terminated: Promise<void>
  #terminate!: () => void

  constructor(options: LifecycleOptions) {
    this.#options = options
    this.outputs = new NamedOutputs(options.graph.outputNames, this)
    this.#terminated = new Promise((resolve) => {
      this.#terminate = resolve
    })
  }

  get state(): StreamingState {
    return this.#state
  }

  /** Returns what the streams are and hold now. */
  status(): StreamsStatus {
    const { graph, context, options, runtime } = this.#options
    return takeStatus({
      kernelNotes: kernelNotesOf(graph.streams),
      graph,
      engine: engineOf(context),
      state: this.#state,
      now: options.clock.now(),
      checkpointDir: this.#store?.directory,
      inputs: runtime.inputs?.status() ?? [],
      options: [context.options, options],
    })
  }

  /** Writes checkpoints into this store, and resumes from its newest one without the data of the uids in `dropState`. */
  useCheckpoints(store: CheckpointStore, dropState: readonly string[] = []): void {
    this.#options.graph.mustBeOpen('A checkpoint directory')
    this.#store = store
    this.#dropState = dropState
  }

  async start(given: StartOptions): Promise<void> {
    const options = checkStartOptions(given)
    const { graph, context } = this.#options
    if (this.#state === 'ACTIVE') {
      context.options.logger.warn('start() was called on a context that is started already')
      return
    }
    this.#mustBeNew('start()')
    try {
      checkRunnable(graph, this.#options.options, this.#store !== undefined)
      checkOnMaster(graph, context.options)
      if (options.until) checkHasEnd(graph.inputs)
      if (options.standby) checkHasDirectory(this.#store?.directory)
      graph.freeze('started')
      this.#state = 'ACTIVE'
      this.#run = this.#newRun()
      await this.#run.begin({ ...options, dropState: [...this.#dropState, ...(options.dropState ?? [])] })
      engineOf(context).events.emit('streamingStarted', { batchInterval: graph.batchInterval })
    } catch (error) {
      await this.stop({})
      throw error
    }
  }

  /** Runs one recorded batch again, and stops the context. */
  async replay(recorded: RecordedBatches, given: ReplayOptions): Promise<ReplayedBatch> {
    const request = checkReplayOptions(given)
    const { graph, context, runtime, options } = this.#options
    this.#mustBeNew('replay()')
    let run: ReplayRun | undefined
    try {
      checkGraph(graph, true)
      checkOnMaster(graph, context.options)
      graph.freeze('started')
      this.#state = 'ACTIVE'
      run = new ReplayRun({ ...options, graph, context, recorded, request })
      runtime.attach(run.inputs, this.outputs)
      return await run.run()
    } finally {
      run?.stop()
      await this.stop({})
    }
  }

  async awaitTermination(): Promise<void> {
    await this.#unlessNeverStarted(this.#terminated, 'awaitTermination()')
    if (this.#failure) throw this.#failure.error
  }

  async awaitIdle(): Promise<void> {
    await this.#run?.idle()
    if (this.#failure) throw this.#failure.error
  }

  stop(options: StopOptions): Promise<StopResult> {
    checkNames(options, STOP_OPTIONS, 'stop()')
    const { graph, context } = this.#options
    const { graceful = false, stopContext = true, timeout } = options
    const ms = toMillis(timeout ?? defaultStopMs(graceful, graph.batchInterval), 'the timeout of stop()')
    const inside = this.#run?.isInside() ?? false
    if (!this.#stopping) {
      const deadline = new StopDeadline(ms)
      const ended = this.#stop(graceful, inside || !stopContext, deadline).finally(() => deadline.clear())
      this.#stopping = { ended, deadline }
    } else if (timeout !== undefined) {
      this.#stopping.deadline.shorten(ms)
    }
    const { ended } = this.#stopping
    const stopped = stopContext ? ended.finally(() => context.stop()) : ended
    if (!inside) return stopped
    stopped.catch((error: unknown) => context.options.logger.error('stop() failed', error))
    return Promise.resolve({ ...NOTHING_ABANDONED, ended: false, complete: false })
  }

  /**
   * Stops the streams with this error. If a graceful stop is draining batches, the stop reports it; a hard stop ignores
   * it.
   */
  fail(error: unknown): void {
    if (this.#state === 'ACTIVE') {
      this.#failure = { error }
      void this.stop({})
    } else if (this.#draining) {
      this.#failure ??= { error }
    }
  }

  caughtUp(): void {
    if (this.#state !== 'ACTIVE') return
    this.stop({ graceful: true }).catch((error: unknown) => {
      this.#options.context.options.logger.error('the stop after the last batch failed', error)
    })
  }

  warn(message: string): void {
    this.#options.context.options.logger.warn(message)
  }

  taken(): void {}

  untilNext(batch: Promise<void>, output: string): Promise<void> {
    return this.#unlessNeverStarted(batch, `output('${output}')`)
  }

  /** @throws StateError unless the context was neither started nor stopped. */
  #mustBeNew(call: string): void {
    if (this.#state === 'STOPPED')
      throw new StateError(`${call} after stop(): a stopped context cannot be started again. Create a new context.`)
    if (this.#state === 'ACTIVE')
      throw new StateError(`${call} on a context that is started already. Create a new context.`)
  }

  #newRun(): StreamRun {
    const { graph, context, runtime, options } = this.#options
    const run = new StreamRun({ ...options, graph, context, store: this.#store, owner: this })
    runtime.attach(run.inputs, this.outputs)
    return run
  }

  async #stop(graceful: boolean, awaitBatch: boolean, deadline: StopDeadline): Promise<StopResult> {
    this.#state = 'STOPPED'
    this.#options.graph.freeze('stopped')
    // Otherwise a batch would wait for the reader of an output, which may wait for this stop.
    if (!graceful) this.outputs.release()
    this.#draining = graceful
    try {
      const result = this.#run
        ? await this.#run.stop({ graceful, awaitBatch, deadline, unread: () => this.outputs.unread })
        : this.#neverStarted()
      this.#report(result, graceful, deadline)
      return result
    } catch (error) {
      // A receiver cannot stop, but awaitTermination must settle nevertheless.
      this.#failure ??= { error }
      throw error
    } finally {
      this.#draining = false
      this.outputs.end(this.#failure?.error)
      this.#terminate()
    }
  }

  /** Whether the streams have failed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  #report(result: StopResult, graceful: boolean, deadline: StopDeadline): void {
    const { context } = this.#options
    if (graceful && !result.complete) this.#failure ??= { error: abandonedWork(result, this.#run && deadline.ms) }
    if (!result.complete) context.options.logger.warn(`stop() abandoned: ${describeAbandoned(result)}`)
    engineOf(context).events.emit('streamingStopped', result)
  }

  /** Records may have been pushed without any later start(). */
  #neverStarted(): StopResult {
    const { inputs } = this.#options.graph
    const recordsNotProcessed = inputs.reduce((sum, { source }) => {
      return sum + ((source.kind === 'receiver' && source.pending) || 0)
    }, 0)
    const result = { ...NOTHING_ABANDONED, recordsNotProcessed }
    return { ...result, complete: isComplete(result) }
  }

  #unlessNeverStarted(end: Promise<void>, what: string): Promise<void> {
    return unlessNeverStarted(end, () => this.#state !== 'INITIALIZED', what)
  }
}
