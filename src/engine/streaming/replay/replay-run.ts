import { ArgumentError } from '../../../errors.js'
import type { Clock } from '../../../ops/clock.js'
import type { OutputOperation, StreamGraph } from '../../../ops/dstream/graph.js'
import { take } from '../../../ops/rdd/actions.js'
import { NO_COUNTED_BATCHES } from '../../checkpoint/counted-batches.js'
import { fitToGraph } from '../../checkpoint/graph-fit.js'
import { restore } from '../../checkpoint/recovery.js'
import type { Context } from '../../context.js'
import { currentSignals } from '../../current-batch.js'
import { engineOf } from '../../engine-of.js'
import type { StreamInputInfo } from '../../events/batch-info.js'
import { InputTracker } from '../../receivers/input-tracker.js'
import { BatchDatasets } from '../batch-datasets.js'
import { BatchRunner, type BatchRunnerOptions } from '../batch-runner.js'
import { OutputDigests } from '../output-digests.js'
import { RunListener } from '../run-listener.js'
import type { RecordedBatches } from './recorded-batches.js'
import type { ReplayedBatch, ReplayedOutput, ReplayOptions } from './replay-options.js'
import { replayedInput } from './replayed-inputs.js'

export interface ReplayRunOptions {
  readonly graph: StreamGraph
  readonly context: Context
  readonly clock: Clock
  readonly receiverBufferBytes: number
  readonly recorded: RecordedBatches
  readonly request: Required<ReplayOptions>
}

/**
 * Runs one past batch again, in a context of its own: restores the newest checkpoint before it, runs the batches between without
 * their outputs, and then the batch. Writes nothing, neither into the checkpoint directory nor by sinks.
 */
export class ReplayRun {
  readonly inputs: InputTracker
  readonly #options: ReplayRunOptions
  readonly #datasets: BatchDatasets
  readonly #stopped = new AbortController()
  /** The records that the outputs of the batch had, as far as they ran. */
  readonly #made = new Map<OutputOperation, { records: readonly unknown[]; digest: string | undefined }>()

  constructor(options: ReplayRunOptions) {
    const { graph, context, recorded } = options
    const engine = engineOf(context)
    const { logger } = context.options
    const inputOptions = { ...options, backpressure: undefined, engine, logger, checkpoints: false }
    this.#options = options
    this.inputs = new InputTracker(inputOptions, (stream, inputs) => replayedInput(stream, inputs, recorded))
    this.#datasets = new BatchDatasets(graph, engine, this.inputs)
    engine.attach(new RunListener(graph, this.inputs, this.#datasets))
  }

  /** Cancels the running jobs. */
  stop(): void {
    this.#stopped.abort()
  }

  /**
   * @throws CheckpointError if the batch cannot be replayed, or the checkpoint does not fit the program; the error of the batch, if
   *   it fails.
   */
  async run(): Promise<ReplayedBatch> {
    const { graph, context, recorded, request } = this.#options
    const { route, loaded } = await recorded.route(request.batch)
    if (route.batchInterval !== graph.batchInterval) throw otherInterval(route.batchInterval, graph.batchInterval)
    await context.start()
    const fitting = fitToGraph(loaded, graph, [], context.options.logger)
    for (const { stream } of graph.outputs) stream.remember(stream.slideDuration)
    restore(fitting, graph, engineOf(context))
    const { zeroTime, batchInterval } = graph
    await this.inputs.open({ zeroTime, batchInterval, saved: undefined, stopAtEnd: false })
    const before = route.times[0]! - route.batchInterval
    graph.batchTime = before
    const runner = this.#runner(before)
    let inputs: readonly StreamInputInfo[] = []
    for (const time of route.times) inputs = await this.#batch(runner, time)
    return {
      time: request.batch,
      checkpointTime: route.from,
      batches: route.times.length,
      inputs: inputs.map(({ name, records }) => ({ name, records })),
      outputs: this.#outputs(),
    }
  }

  #runner(lastGood: number): BatchRunner {
    const { graph, context, clock, request } = this.#options
    const { batch, limit, outputs } = request
    const options: BatchRunnerOptions = {
      graph,
      engine: engineOf(context),
      clock,
      timer: clock,
      inputs: this.inputs,
      datasets: this.#datasets,
      onBatchError: 'stop',
      outputRetries: { attempts: 1, delay: 0, maxDelay: 0 },
      checkpointer: undefined,
      digests: new OutputDigests(context.options.logger),
      abandoned: this.#stopped.signal,
      log: {
        isDone: (_output, time) => time < batch,
        isDecided: () => true,
        confirm: async () => {},
        completed: async (_time, output, digest) => void this.#made.set(output, { ...this.#made.get(output)!, digest }),
        forget: () => {},
        counted: NO_COUNTED_BATCHES,
      },
      perform: async (output, rdd, call) => {
        this.#made.set(output, { records: await take(rdd, limit), digest: undefined })
        if (outputs && output.isOwn) await output.run(rdd, call)
      },
    }
    const runner = new BatchRunner(options)
    runner.resumeAfter(lastGood)
    return runner
  }

  async #batch(runner: BatchRunner, time: number): Promise<readonly StreamInputInfo[]> {
    const { inputs } = this
    const began = performance.now()
    const assigned = inputs.allocate(time, time).then(() => performance.now() - began)
    // The batch itself handles the rejection.
    assigned.catch(() => undefined)
    const submitted = { time, submittedAt: this.#options.clock.now(), ...inputs.figures(time), outputs: [] }
    const finished = await currentSignals.run([this.#stopped.signal], () => runner.run(submitted, assigned))
    if (!finished) throw this.#stopped.signal.reason
    const [failure] = finished.failures
    if (failure) throw failure.error
    return finished.info.inputs
  }

  #outputs(): ReplayedOutput[] {
    const { graph, recorded, request } = this.#options
    const before = recorded.digestsOf(request.batch)
    return [...this.#made].map(([output, { records, digest }]) => {
      const outputId = graph.outputIds.get(output)!
      const known = before.get(outputId)
      const isKnown = known !== undefined && digest !== undefined
      const result = !isKnown ? 'unknown' : known === digest ? 'same' : 'different'
      return { label: output.label, outputId, result, digest, recorded: known, records }
    })
  }
}

function otherInterval(recorded: number, given: number): ArgumentError {
  return new ArgumentError(
    `batchInterval is ${given} ms, and the batch to replay had ${recorded} ms. Create the context with batchInterval: ${recorded}.`,
    { given, recorded },
  )
}
