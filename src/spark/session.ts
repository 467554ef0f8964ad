import { deserialize } from 'node:v8'
import type { RunningBatch } from '../engine/current-batch.js'
import type { Events } from '../engine/events/events.js'
import { FileInputs } from '../engine/scheduler/file-inputs.js'
import { JobBudget } from '../engine/scheduler/job-budget.js'
import { JobReports } from '../engine/scheduler/job-reports.js'
import { boundsOf, type KeySample, needsBounds, sampleSink } from '../engine/scheduler/range-bounds.js'
import type { Job } from '../engine/scheduler/task.js'
import type { ClusterStatus } from '../engine/status/streams-status.js'
import { FileChangedError } from '../errors.js'
import type { Dataset, SampledPartitioner } from '../ops/dataset.js'
import type { FunctionResolver } from '../ops/functions/resolve.js'
import type { Sink } from '../ops/plan.js'
import { areAdditionsRestored } from '../ops/rdd/accumulators.js'
import type { StateRdd } from '../ops/rdd/state.js'
import { type Answer, unpackAnswer } from '../pool/answer-wire.js'
import { decodeRecords } from '../pool/blocks/records-codec.js'
import { type BlockReader, BlockServer } from './block-server.js'
import { unpackBlock } from './block-wire.js'
import { configurationOf, forStreams, hostOf } from './configuration.js'
import { Gateway } from './gateway.js'
import { unpreparedOf } from './preparation.js'
import { Programs } from './programs.js'
import type { ShippedPipeline } from './shipped-pipeline.js'
import { cancelledBy, type RunnerOptions, StageRunner } from './stage-runner.js'
import type { Stage } from './stage-table.js'
import { Stages } from './stages.js'

export interface SessionOptions extends RunnerOptions {
  readonly resolver: FunctionResolver
  readonly events: Events
  /** Received data, if the context has streams. */
  readonly received: BlockReader | undefined
  /** The pipeline module whose functions tasks run. */
  readonly pipeline: ShippedPipeline | undefined
  readonly closing: AbortSignal
}

/** A SparkContext and what it knows of the program: runs the jobs of one context. */
export class Session {
  readonly #options: SessionOptions
  readonly #gateway: Gateway
  /** Serves received data, if the context has streams. */
  readonly #received: BlockServer | undefined
  readonly #stages: Stages
  readonly #programs: Programs
  readonly #files = new FileInputs()
  readonly #reports: JobReports
  /** Range partitioners whose keys are being sampled. */
  readonly #sampling = new Map<SampledPartitioner, Promise<void>>()
  readonly #runner: StageRunner
  #jobs = 0

  private constructor(options: SessionOptions, gateway: Gateway, received: BlockServer | undefined) {
    const { context, events, states } = options
    this.#options = options
    this.#received = received
    this.#gateway = gateway
    this.#programs = new Programs(gateway, context.broadcasts)
    const { deadLetterLimit } = options.options
    this.#stages = new Stages(gateway, this.#programs, states, { files: this.#files, deadLetterLimit })
    this.#reports = new JobReports(events)
    this.#runner = new StageRunner(gateway, this.#stages, options)
  }

  static async open(options: SessionOptions): Promise<Session> {
    const { logger } = options.options
    const configuration = configurationOf(options.options, options.pipeline)
    const received = options.received && (await BlockServer.open(options.received, hostOf(configuration)))
    try {
      const { classPath, memory, conf } = received ? forStreams(configuration, received) : configuration
      const gateway = await Gateway.open({ classPath, memory, conf, logger, closing: options.closing })
      return new Session(options, gateway, received)
    } catch (error) {
      received?.close()
      throw error
    }
  }

  /** Runs `sink` over the partitions. Resolves with one result per partition. */
  async run(
    rdd: Dataset,
    sink: Sink,
    partitions: readonly number[],
    batch: RunningBatch | undefined,
    signals: readonly AbortSignal[],
  ): Promise<unknown[]> {
    const job = this.#newJob(batch)
    const run = () => this.#job(job, rdd, sink, partitions, signals)
    return await this.#reports.job(job, rdd.label, partitions.length, batch, run)
  }

  /** Resolves with the chains of partitions of a version of state, see StateChains. */
  async chains(
    rdd: StateRdd<unknown>,
    partitions: readonly number[],
    known: readonly string[],
    batch: RunningBatch | undefined,
    signals: readonly AbortSignal[],
  ): Promise<Buffer[]> {
    const job = this.#newJob(batch)
    return await this.#reports.job(job, rdd.label, partitions.length, batch, async () => {
      await this.#prepare(job, rdd, signals)
      const describe = () => ({ rdd: this.#stages.version(rdd), label: rdd.label })
      return await this.#complete(describe, (stage) => this.#runner.run(job, stage, partitions, signals, known))
    })
  }

  /** Resolves with the executors. */
  async cluster(): Promise<ClusterStatus> {
    const { blocks } = await this.#gateway.ask({ op: 'cluster' })
    return JSON.parse(blocks[0]!.toString()) as ClusterStatus
  }

  /** Whether the JVM has ended. */
  get isEnded(): boolean {
    return this.#gateway.isEnded
  }

  unpersist(rdd: Dataset): void {
    this.#stages.unpersist(rdd)
  }

  /** Frees everything stored for a dataset. */
  release(rdd: Dataset): void {
    this.#stages.release(rdd)
  }

  releaseBroadcast(id: number): void {
    this.#programs.releaseBroadcast(id)
  }

  async close(): Promise<void> {
    await this.#gateway.close()
    this.#received?.close()
  }

  #newJob(batch: RunningBatch | undefined): Job {
    return {
      id: this.#jobs++,
      batchTime: batch?.time,
      budget: new JobBudget(this.#options.options.maxFailures),
      areAdditionsRestored: areAdditionsRestored(),
      resultBytes: 0,
      ended: false,
      meter: this.#reports.meter(),
    }
  }

  async #job(
    job: Job,
    rdd: Dataset,
    sink: Sink,
    partitions: readonly number[],
    signals: readonly AbortSignal[],
  ): Promise<unknown[]> {
    for (const signal of signals) if (signal.aborted) throw cancelledBy(signal, job)
    if (partitions.length === 0) return []
    await this.#prepare(job, rdd, signals)
    return await this.#results(job, rdd, sink, partitions, signals)
  }

  async #results(
    job: Job,
    rdd: Dataset,
    sink: Sink,
    partitions: readonly number[],
    signals: readonly AbortSignal[],
  ): Promise<unknown[]> {
    const describe = () => this.#stages.result(rdd, sink, job.batchTime)
    const run = (stage: Stage) => this.#runner.run(job, stage, partitions, signals)
    return (await this.#complete(describe, run, (stage) => this.#stages.drop(stage))).map(resultOf)
  }

  /**
   * Runs a stage that `describe` creates. Where a file is missing that its dataset can do without, it creates the stage again without the
   * file. Each file is left out once, so this ends by itself.
   */
  async #complete<S extends Pick<Stage, 'rdd'>>(
    describe: () => S,
    run: (stage: S) => Promise<Buffer[]>,
    end: (stage: S) => void = () => {},
  ): Promise<Buffer[]> {
    const stages = this.#stages
    for (;;) {
      const stage = describe()
      try {
        const blocks = await run(stage)
        // Otherwise another job has left out a file meanwhile that this one has read.
        if (!stages.isOutdated(stage)) return blocks
      } catch (error) {
        if (!(error instanceof FileChangedError)) throw error
        if (!stages.leaveOut(stage, error) && !stages.isOutdated(stage)) throw error
      } finally {
        end(stage)
      }
    }
  }

  /** Lists files and samples keys: stages cannot be described without them. */
  async #prepare(job: Job, rdd: Dataset, signals: readonly AbortSignal[]): Promise<void> {
    const { files, ranges } = unpreparedOf(rdd)
    await Promise.all(files.map((each) => this.#files.find(each)))
    for (const partitioner of ranges) await this.#bound(job, partitioner, signals)
  }

  /** Samples a partitioner's keys, unless another job does. If that one fails or is cancelled, this one samples. */
  async #bound(job: Job, partitioner: SampledPartitioner, signals: readonly AbortSignal[]): Promise<void> {
    while (partitioner.bounds === undefined) {
      for (const signal of signals) if (signal.aborted) throw cancelledBy(signal, job)
      const running = this.#sampling.get(partitioner)
      if (running) {
        await running.catch(() => {})
        continue
      }
      const sampling = this.#sample(job, partitioner, signals)
      this.#sampling.set(partitioner, sampling)
      await sampling.finally(() => this.#sampling.delete(partitioner))
    }
  }

  async #sample(job: Job, partitioner: SampledPartitioner, signals: readonly AbortSignal[]): Promise<void> {
    if (!needsBounds(partitioner)) {
      partitioner.bounds = []
      return
    }
    const { sampled } = partitioner
    const all = Array.from({ length: sampled.partitions }, (_, partition) => partition)
    const samples = (await this.#results(job, sampled, sampleSink(partitioner), all, signals)) as KeySample[]
    partitioner.bounds = boundsOf(partitioner, samples, this.#options.resolver)
  }
}

function resultOf(bytes: Buffer): unknown {
  const { codec, payload } = unpackBlock(bytes)
  return codec === 'answer' ? unpackAnswer(deserialize(payload) as Answer) : decodeRecords(payload)
}
