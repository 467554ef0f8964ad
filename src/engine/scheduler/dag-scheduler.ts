import { IndeterminateError, JobCancelledError, type TaskFailedError } from '../../errors.js'
import type { BatchTime } from '../../ids.js'
import type { Dataset, SampledPartitioner, ShuffleDependency } from '../../ops/dataset.js'
import type { FunctionResolver } from '../../ops/functions/resolve.js'
import type { Sink } from '../../ops/plan.js'
import { areAdditionsRestored } from '../../ops/rdd/accumulators.js'
import type { WrittenBlock } from '../../pool/protocol.js'
import type { RunningBatch } from '../current-batch.js'
import type { Events } from '../events/events.js'
import type { TaskFigures } from '../progress/job-info.js'
import type { ContentVersions } from '../storage/content-versions.js'
import { AbortWatch } from './abort-watch.js'
import type { EventLoop } from './event-loop.js'
import { JobBudget } from './job-budget.js'
import { JobReports } from './job-reports.js'
import type { PipelinedStages } from './pipelined/pipelined-stages.js'
import { MissingInputs } from './planned-task.js'
import { type PlanningTables, planTask, shuffleSink } from './planner.js'
import { boundsOf, isPlaced, type KeySample, needsBounds, sampledPartitioner, sampleSink } from './range-bounds.js'
import type { Job, Stage, TaskDone, TaskSpec } from './task.js'
import { placeOf, taskFailed } from './task-errors.js'
import { kindOf } from './task-reports.js'

/** Stores the results of finished tasks. */
export interface TaskListener {
  /** Registers blocks, state and dead letters of a task. */
  taskDone(done: TaskDone, spec: TaskSpec): void
  /** Removes state and dead letters of a task, because its inputs have come out different since. */
  taskUndone(done: TaskDone, batchTime: BatchTime | undefined): void
  /** Registers a map output. */
  mapOutputWritten(dependency: ShuffleDependency, block: WrittenBlock, done: TaskDone, spec: TaskSpec): void
  /** Called when a job of a batch has ended: its output no longer changes. */
  batchJobEnded(): void
}

export interface DagSchedulerOptions {
  readonly events: Events
  readonly loop: EventLoop
  readonly tables: PlanningTables
  readonly listener: TaskListener
  readonly versions: ContentVersions
  readonly resolver: FunctionResolver
  readonly maxFailures: number
  /** Sends small stages together. Without it, stages start one after the other. */
  readonly pipelined: PipelinedStages | undefined
}

/** The computation of the missing outputs of a shuffle. */
interface MapStage {
  readonly job: Job
  readonly outputs: Promise<unknown>
}

type Started = Promise<TaskDone | MissingInputs>

/** A running stage, together with the shuffles that it reads. */
interface StartedStage {
  /** Readers may finish before the driver has received the answers of all writers, so the stage waits for these too. */
  readonly shuffles: readonly Promise<unknown>[]
  readonly tasks: readonly Started[]
}

/** The number of times that a stage may run again because its inputs came out different, before its job fails. */
const MOST_ROLLBACKS = 10

/**
 * Cuts jobs into stages at their shuffles. It does not lay out stages in advance. A task that cannot be planned names
 * the shuffles with missing outputs; their map stages run, and the task is planned again. So the first run, a lost
 * output and an output of an earlier batch are one case, and only missing outputs are computed.
 */
export class DagScheduler {
  readonly #options: DagSchedulerOptions
  /** Running map stages, by shuffle. */
  readonly #mapStages = new Map<number, MapStage>()
  /** For each running job, the count of map output uses at its start. */
  readonly #running = new Map<Job, number>()
  readonly #aborts = new AbortWatch()
  readonly #reports: JobReports
  #stages = 0
  #jobs = 0

  constructor(options: DagSchedulerOptions) {
    this.#options = options
    this.#reports = new JobReports(options.events)
  }

  /**
   * Runs `sink` over the partitions. Resolves with the finished tasks in that order. When one of `signals` aborts, the job
   * rejects at once: no further task starts, and running tasks are cancelled.
   */
  run(
    rdd: Dataset,
    sink: Sink,
    partitions: readonly number[],
    batch: RunningBatch | undefined,
    signals: readonly AbortSignal[] = [],
  ): Promise<TaskDone[]> {
    const budget = new JobBudget(this.#options.maxFailures)
    const meter = this.#reports.meter()
    const job: Job = {
      id: this.#jobs++,
      batchTime: batch?.time,
      budget,
      areAdditionsRestored: areAdditionsRestored(),
      resultBytes: 0,
      ended: false,
      meter,
    }
    const run = () => this.#run(job, rdd, sink, partitions, signals)
    return this.#reports.job(job, rdd.label, partitions.length, batch, run)
  }

  async #run(
    job: Job,
    rdd: Dataset,
    sink: Sink,
    partitions: readonly number[],
    signals: readonly AbortSignal[],
  ): Promise<TaskDone[]> {
    const { loop, tables, listener } = this.#options
    this.#running.set(job, tables.outputs.uses)
    const leave: (() => void)[] = []
    let succeeded = false
    try {
      for (const signal of signals) if (signal.aborted) throw abortedBy(signal, job)
      const stage = this.#stage(job, 'result', rdd, sink, partitions)
      const aborted = new Promise<never>((_, reject) => {
        for (const signal of signals) leave.push(this.#aborts.on(signal, () => reject(abortedBy(signal, job))))
      })
      const done = await (signals.length > 0 ? Promise.race([aborted, stage]) : stage)
      succeeded = true
      return done
    } finally {
      for (const unsubscribe of leave) unsubscribe()
      loop.jobEnded(job, succeeded)
      if (job.batchTime !== undefined) listener.batchJobEnded()
      this.#running.delete(job)
    }
  }

  /** No running job reads map outputs whose last use is at or before this count, so they may be evicted. */
  get settledUses(): number {
    return Math.min(this.#options.tables.outputs.uses, ...this.#running.values())
  }

  #stage(job: Job, identity: string, rdd: Dataset, sink: Sink, partitions: readonly number[]): Promise<TaskDone[]> {
    const specs = this.#specs(job, identity, rdd, sink, partitions)
    return this.#reports.stage(job, specs[0]?.stage, this.#results(job, rdd, sink, specs))
  }

  async #results(job: Job, rdd: Dataset, sink: Sink, specs: readonly TaskSpec[]): Promise<TaskDone[]> {
    const started = this.#startTogether(job, rdd, sink, specs)
    const tasks = Promise.all(specs.map((spec, i) => this.#task(spec, started?.tasks[i])))
    await Promise.all([tasks, ...(started?.shuffles ?? [])])
    return this.#options.versions.changed ? this.#consistent(specs, await tasks) : tasks
  }

  /**
   * Repeats tasks whose inputs were lost after they had been read, and came out different. Otherwise the results would
   * mix two versions of one dataset, with some records in both or in neither.
   */
  async #consistent(specs: readonly TaskSpec[], done: TaskDone[]): Promise<TaskDone[]> {
    const { versions, listener } = this.#options
    for (let rollbacks = 0; ; rollbacks++) {
      const outdated = [...done.keys()].filter((i) => !versions.areCurrent(done[i]!.reads))
      const [first] = outdated
      if (first === undefined) return done
      if (rollbacks === MOST_ROLLBACKS) throw indeterminate(specs[first]!, done[first]!)
      const partitions = outdated.map((i) => specs[i]!.partition)
      versions.rollBack('task', specs[first]!.label, partitions)
      for (const i of outdated) listener.taskUndone(done[i]!, specs[i]!.job.batchTime)
      const again = await Promise.all(outdated.map((i) => this.#task(specs[i]!)))
      for (const [n, i] of outdated.entries()) done[i] = again[n]!
    }
  }

  #specs(job: Job, identity: string, rdd: Dataset, sink: Sink, partitions: readonly number[]): TaskSpec[] {
    const { tables } = this.#options
    const id = this.#stages++
    const tasks = partitions.length
    const meter = job.meter?.stage({ id, label: rdd.label, kind: kindOf(identity), tasks })
    const stage: Stage = { id, identity, tasks, runTimes: [], meter, startedAt: undefined }
    return partitions.map((partition) => ({
      job,
      stage,
      partition,
      label: rdd.label,
      attempts: 0,
      resultBytes: 0,
      credited: false,
      plan: () => planTask(rdd, partition, sink, tables),
    }))
  }

  /** Starts a stage together with the shuffles that it reads, if that is possible and worthwhile. */
  #startTogether(job: Job, rdd: Dataset, sink: Sink, specs: readonly TaskSpec[]): StartedStage | undefined {
    const started = this.#options.pipelined?.start({
      rdd,
      sink,
      specs,
      isFree: ({ id, partitioner }) => !this.#mapStages.has(id) && isPlaced(partitioner),
      mapTasks: (dependency) => {
        const { rdd: mapped } = dependency
        const partitions = Array.from({ length: mapped.partitions }, (_, p) => p)
        return this.#specs(job, mapIdentity(dependency), mapped, shuffleSink(dependency), partitions)
      },
    })
    if (!started) return undefined
    const shuffles = started.shuffles.map(({ dependency, specs: mapSpecs, started: maps }) => {
      const outputs = mapSpecs.map((spec, i) => this.#output(dependency, spec, maps[i]))
      const written = this.#reports.stage(job, mapSpecs[0]?.stage, Promise.all(outputs))
      return this.#register(job, dependency, written).outputs
    })
    return { shuffles, tasks: started.tasks }
  }

  /** `started`: the first attempt, if it already runs. */
  async #task(spec: TaskSpec, started?: Started): Promise<TaskDone> {
    const { loop, listener, tables } = this.#options
    const { job } = spec
    for (let attempt = started, first = true; ; attempt = undefined, first = false) {
      const done = await (attempt ?? loop.run(spec))
      if (!(done instanceof MissingInputs)) {
        listener.taskDone(done, spec)
        spec.stage.meter?.taskDone(measured(done, spec))
        return done
      }
      if (!first && job.budget.setBack(spec)) throw lostTooOften(spec)
      await Promise.all([
        ...done.files.map((files) => tables.fileInputs.find(files)),
        ...done.dependencies.map((dependency) => this.#shuffle(job, dependency)),
      ])
    }
  }

  /** Computes the missing outputs of a shuffle. All jobs that wait for it share one map stage. */
  async #shuffle(job: Job, dependency: ShuffleDependency): Promise<void> {
    const { id } = dependency
    const stage = this.#mapStages.get(id) ?? this.#register(job, dependency, this.#mapStage(job, dependency))
    try {
      await stage.outputs
    } catch (error) {
      // The stage ended because the job that had started it ended. The caller plans again and finds what is missing.
      if (!(error instanceof JobCancelledError) || stage.job === job || job.ended) throw error
    }
  }

  async #mapStage(job: Job, dependency: ShuffleDependency): Promise<void> {
    const { rdd, partitioner } = dependency
    const sampled = sampledPartitioner(partitioner)
    if (sampled) sampled.bounds ??= await this.#sampleBounds(job, dependency.id, sampled)
    const missing = this.#options.tables.outputs.missing(dependency)
    const sink = shuffleSink(dependency)
    const specs = this.#specs(job, mapIdentity(dependency), rdd, sink, missing)
    const started = this.#startTogether(job, rdd, sink, specs)
    const outputs = specs.map((spec, i) => this.#output(dependency, spec, started?.tasks[i]))
    const all = Promise.all([...outputs, ...(started?.shuffles ?? [])])
    await this.#reports.stage(job, specs[0]?.stage, all)
  }

  async #output(dependency: ShuffleDependency, spec: TaskSpec, started?: Started): Promise<void> {
    const done = await this.#task(spec, started)
    const output = done.result.written.find((block) => block.as === 'shuffle')!
    this.#options.listener.mapOutputWritten(dependency, output, done, spec)
  }

  #register(job: Job, { id }: ShuffleDependency, outputs: Promise<unknown>): MapStage {
    const stage = { job, outputs: outputs.finally(() => this.#mapStages.delete(id)) }
    this.#mapStages.set(id, stage)
    return stage
  }

  async #sampleBounds(job: Job, shuffle: number, partitioner: SampledPartitioner): Promise<unknown[]> {
    if (!needsBounds(partitioner)) return []
    const { sampled } = partitioner
    const all = Array.from({ length: sampled.partitions }, (_, p) => p)
    const done = await this.#stage(job, `sample ${shuffle}`, sampled, sampleSink(partitioner), all)
    const samples = done.map(({ value }) => value as KeySample)
    return boundsOf(partitioner, samples, this.#options.resolver)
  }
}

function measured({ result, thread }: TaskDone, { attempts, partition }: TaskSpec): TaskFigures {
  const { metrics, written } = result
  const records = metrics.read.reduce((sum, read) => sum + read, 0)
  const bytes = written.reduce((sum, { block }) => sum + block.length, 0)
  return { partition, thread, runMs: metrics.runMs, records, bytes, attempts }
}

function mapIdentity({ id }: ShuffleDependency): string {
  return `map ${id}`
}

function lostTooOften(spec: TaskSpec): TaskFailedError {
  return taskFailed(
    spec,
    `${spec.label} could not be planned in ${placeOf(spec)}: its inputs were lost again each time after they had been computed. Find out why threads die, or set replicas to 2 or more.`,
  )
}

function indeterminate({ label, job, partition }: TaskSpec, { reads }: TaskDone): IndeterminateError {
  const from = [...new Set(reads.map(({ of }) => of.label))].join(', ')
  return new IndeterminateError(
    `${label} read data of ${from} that was lost and came out different when it was computed again, ${MOST_ROLLBACKS} times. Make the operations before it deterministic (seed random numbers, read no clock), or checkpoint() the dataset.`,
    { operation: label, partition, job: job.id, batchTime: job.batchTime, rollbacks: MOST_ROLLBACKS },
  )
}

function abortedBy({ reason }: AbortSignal, { id }: Job): JobCancelledError {
  return new JobCancelledError(`Job ${id} was cancelled by its signal.`, { job: id }, reason)
}
