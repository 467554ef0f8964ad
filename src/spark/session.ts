import { deserialize } from 'node:v8'
import type { RunningBatch } from '../engine/current-batch.js'
import type { DeadLetters } from '../engine/dead-letters/dead-letters.js'
import type { Events } from '../engine/events/events.js'
import type { ContextSettings } from '../engine/options.js'
import { AbortWatch } from '../engine/scheduler/abort-watch.js'
import { FileInputs } from '../engine/scheduler/file-inputs.js'
import { JobBudget } from '../engine/scheduler/job-budget.js'
import { JobReports } from '../engine/scheduler/job-reports.js'
import { boundsOf, type KeySample, needsBounds, sampleSink } from '../engine/scheduler/range-bounds.js'
import type { Job } from '../engine/scheduler/task.js'
import type { StateSizes } from '../engine/state/state-sizes.js'
import type { StreamPort } from '../engine/stream-port.js'
import { JobCancelledError } from '../errors.js'
import type { Additions } from '../ops/accumulator.js'
import type { Dataset, SampledPartitioner } from '../ops/dataset.js'
import type { FunctionResolver } from '../ops/functions/resolve.js'
import type { Sink } from '../ops/plan.js'
import { areAdditionsRestored, creditAdditions } from '../ops/rdd/accumulators.js'
import type { RddContext } from '../ops/rdd/context.js'
import { type Answer, unpackAnswer } from '../pool/answer-wire.js'
import { decodeRecords } from '../pool/blocks/records-codec.js'
import type { BlockReader } from './block-server.js'
import { unpackBlock } from './block-wire.js'
import { configurationOf } from './configuration.js'
import { Gateway } from './gateway.js'
import { unpreparedOf } from './preparation.js'
import { Programs } from './programs.js'
import type { TaskReport } from './stage-input.js'
import { type Stage, Stages } from './stages.js'
import type { StateBook } from './state-book.js'
import { StreamSupport } from './stream-support.js'
import { jobFailed } from './task-failure.js'

export interface SessionOptions {
  readonly options: ContextSettings
  readonly context: RddContext
  readonly resolver: FunctionResolver
  readonly events: Events
  readonly deadLetters: DeadLetters
  readonly streams: StreamPort
  readonly states: StateBook
  readonly stateSizes: StateSizes
  /** Received data, if the context has streams. */
  readonly received: BlockReader | undefined
  readonly closing: AbortSignal
}

/** A SparkContext and what it knows of the program: runs the jobs of one context. */
export class Session {
  readonly #options: SessionOptions
  readonly #gateway: Gateway
  readonly #support: StreamSupport | undefined
  readonly #stages: Stages
  readonly #programs: Programs
  readonly #files = new FileInputs()
  readonly #reports: JobReports
  /** Range partitioners whose keys are being sampled. */
  readonly #sampling = new Map<SampledPartitioner, Promise<void>>()
  readonly #aborts = new AbortWatch()
  #jobs = 0

  private constructor(options: SessionOptions, gateway: Gateway, support: StreamSupport | undefined) {
    const { context, events, states } = options
    this.#options = options
    this.#support = support
    this.#gateway = gateway
    this.#programs = new Programs(gateway, context.broadcasts)
    const { deadLetterLimit } = options.options
    this.#stages = new Stages(gateway, this.#programs, states, { files: this.#files, deadLetterLimit })
    this.#reports = new JobReports(events)
  }

  static async open(options: SessionOptions): Promise<Session> {
    const { logger } = options.options
    const configuration = configurationOf(options.options)
    const support = options.received && (await StreamSupport.open(options.received, configuration))
    try {
      const { classPath, memory, conf } = support?.configuration ?? configuration
      const gateway = await Gateway.open({ classPath, memory, conf, logger, closing: options.closing })
      return new Session(options, gateway, support)
    } catch (error) {
      await support?.close()
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
    const job: Job = {
      id: this.#jobs++,
      batchTime: batch?.time,
      budget: new JobBudget(this.#options.options.maxFailures),
      areAdditionsRestored: areAdditionsRestored(),
      resultBytes: 0,
      ended: false,
      meter: this.#reports.meter(),
    }
    const run = () => this.#job(job, rdd, sink, partitions, signals)
    return await this.#reports.job(job, rdd.label, partitions.length, batch, run)
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
    await this.#support?.close()
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
    const stage = this.#stages.result(rdd, sink, job.batchTime)
    try {
      return await this.#answered(job, stage, partitions, signals)
    } finally {
      this.#stages.drop(stage)
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
    const stage = this.#stages.result(sampled, sampleSink(partitioner), job.batchTime)
    try {
      const samples = (await this.#answered(job, stage, all, signals)) as KeySample[]
      partitioner.bounds = boundsOf(partitioner, samples, this.#options.resolver)
    } finally {
      this.#stages.drop(stage)
    }
  }

  async #answered(
    job: Job,
    { rdd, label }: Stage,
    partitions: readonly number[],
    signals: readonly AbortSignal[],
  ): Promise<unknown[]> {
    const group = `millrace-${rdd}`
    const { maxResultBytes } = this.#options.options
    const leave: (() => void)[] = []
    const aborted = new Promise<never>((_, reject) => {
      for (const signal of signals) {
        const cancel = () => {
          if (!this.#gateway.isEnded) this.#gateway.tell({ op: 'cancel', group })
          reject(cancelledBy(signal, job))
        }
        leave.push(this.#aborts.on(signal, cancel))
      }
    })
    try {
      const asked = this.#gateway.ask({ op: 'run', rdd, partitions, group, label })
      const { results, blocks } = await (signals.length > 0 ? Promise.race([asked, aborted]) : asked)
      for (const report of blocks.slice(results)) this.#report(report, job)
      return blocks.slice(0, results).map(resultOf)
    } catch (error) {
      throw jobFailed(error, { job, label, maxResultBytes, stageOf: (number) => this.#stages.get(number) })
    } finally {
      for (const unsubscribe of leave) unsubscribe()
    }
  }

  /** Enters what a task reports: i32 RDD, i32 partition, the serialized report. */
  #report(bytes: Buffer, job: Job): void {
    const partition = bytes.readInt32BE(4)
    const stage = this.#stages.get(bytes.readInt32BE(0))
    if (!stage || stage.reported.has(partition)) return
    stage.reported.add(partition)
    const { added, rejects, sums, read, states } = deserialize(bytes.subarray(8)) as TaskReport
    const { context, deadLetters, streams, states: book, stateSizes } = this.#options
    const planned = stage.partitions[partition]!
    if (added) creditAdditions(context, unpackAnswer(added) as Additions, job.areAdditionsRestored)
    deadLetters.enter({ planned: { rejects: planned.rejecting }, result: { rejects } }, job.batchTime)
    for (const size of states) {
      book.made(size)
      stateSizes.report(size)
    }
    for (const { input, rdd, partition: part, files } of planned.sources) {
      files?.reads.done(part, files.ranges, sums[input])
      streams.sourceRead(rdd, part, read[input] ?? 0)
    }
  }
}

function resultOf(bytes: Buffer): unknown {
  const { codec, payload } = unpackBlock(bytes)
  return codec === 'answer' ? unpackAnswer(deserialize(payload) as Answer) : decodeRecords(payload)
}

function cancelledBy({ reason }: AbortSignal, { id }: Job): JobCancelledError {
  return new JobCancelledError(`Job ${id} was cancelled by its signal.`, { job: id }, reason)
}
