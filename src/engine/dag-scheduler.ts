import { IndeterminateError, JobCancelledError, type TaskFailedError } from '../errors.js'
import type { FunctionResolver } from '../ops/functions/resolve.js'
import type { RangePartitioner } from '../ops/partitioner.js'
import type { Sink } from '../ops/plan.js'
import type { Rdd, ShuffleDependency } from '../ops/rdd/rdd.js'
import type { WrittenBlock } from '../pool/protocol.js'
import { AbortWatch } from './abort-watch.js'
import { cancelTasksOf } from './cancel-tasks.js'
import type { ContentVersions } from './content-versions.js'
import { planGroup } from './group.js'
import { JobBudget } from './job-budget.js'
import { MissingOutputs, type PlanningTables, planTask, shuffleSink } from './planner.js'
import type { Job, NewTask, Stage, TaskDone, TaskSpec } from './task.js'
import { placeOf, taskFailed } from './task-errors.js'
import type { TaskScheduler } from './task-scheduler.js'

/** What the scheduler of jobs hands finished tasks to. */
export interface TaskBooks {
  /** Enters blocks, state and dead letters of a task. */
  book(done: TaskDone, batchTime: number | undefined): void
  /** Takes back state and dead letters of a task: its inputs have come out different since. */
  undo(done: TaskDone, batchTime: number | undefined): void
  /** Enters a map output. */
  mapOutput(dependency: ShuffleDependency, block: WrittenBlock, done: TaskDone, spec: TaskSpec): void
}

/** The work on a shuffle's missing outputs. */
interface Making {
  readonly job: Job
  readonly made: Promise<unknown>
}

/** Tasks that run, and the making of the shuffles that they read. */
interface BegunGroup {
  /** To be waited for as well: readers may be done before the driver has heard of all writers. */
  readonly shuffles: readonly Promise<unknown>[]
  readonly tasks: readonly Promise<TaskDone | MissingOutputs>[]
}

/** Times that a stage is run again because its inputs came out different, before its job fails. */
const MOST_ROLLBACKS = 10
/** Keys sampled for each border wanted. */
const SAMPLES = 20

/**
 * Cuts a job into stages at its shuffles. It need not know the stages beforehand: a task that cannot be planned names
 * the shuffles whose outputs are missing, they are made, and the task is planned again. So the first run, a lost output
 * and the output of an earlier batch are one and the same case, and only what is missing is ever computed.
 */
export class DagScheduler {
  readonly #tasks: TaskScheduler
  readonly #tables: PlanningTables
  readonly #books: TaskBooks
  readonly #versions: ContentVersions
  readonly #resolver: FunctionResolver
  readonly #maxFailures: number
  readonly #making = new Map<number, Making>()
  /** The count of uses of map outputs at the start of each running job. */
  readonly #running = new Map<Job, number>()
  readonly #aborts = new AbortWatch()
  #stages = 0
  #jobs = 0

  constructor(
    tasks: TaskScheduler,
    tables: PlanningTables,
    books: TaskBooks,
    versions: ContentVersions,
    resolver: FunctionResolver,
    maxFailures: number,
  ) {
    this.#tasks = tasks
    this.#tables = tables
    this.#books = books
    this.#versions = versions
    this.#resolver = resolver
    this.#maxFailures = maxFailures
  }

  /**
   * Runs `sink` over the partitions; resolves with the finished tasks in that order. When `signal` aborts, no other task
   * starts, and those that run are cancelled and not waited for.
   */
  async run(
    rdd: Rdd<unknown>,
    sink: Sink,
    partitions: readonly number[],
    batchTime: number | undefined,
    signal?: AbortSignal,
  ): Promise<TaskDone[]> {
    const job: Job = { id: this.#jobs++, batchTime, budget: new JobBudget(this.#maxFailures), cancelled: false }
    this.#running.set(job, this.#tables.outputs.uses)
    let leave: (() => void) | undefined
    let succeeded = false
    try {
      if (signal?.aborted) throw abortedBy(signal, job)
      const made = this.#stage(job, 'result', rdd, sink, partitions)
      const ended = new Promise<never>((_, reject) => {
        if (signal) leave = this.#aborts.on(signal, () => reject(abortedBy(signal, job)))
      })
      const done = await (signal ? Promise.race([ended, made]) : made)
      succeeded = true
      return done
    } finally {
      leave?.()
      // After a failure the job's other tasks do not start any more, and those that run hold their threads for nobody.
      job.cancelled = true
      if (!succeeded) cancelTasksOf(job, this.#tasks.running)
      this.#running.delete(job)
    }
  }

  /** Map outputs used up to here are of no running job: they may go if memory is short. */
  get settledUses(): number {
    return Math.min(this.#tables.outputs.uses, ...this.#running.values())
  }

  async #stage(
    job: Job,
    identity: string,
    rdd: Rdd<unknown>,
    sink: Sink,
    partitions: readonly number[],
  ): Promise<TaskDone[]> {
    const stage = this.#newStage(identity, partitions.length)
    const specs = partitions.map((partition) => this.#spec(job, stage, rdd, sink, partition))
    const group = this.#group(job, rdd, sink, specs)
    const tasks = Promise.all(specs.map((spec, i) => this.#task(spec, group?.tasks[i])))
    await Promise.all([tasks, ...(group?.shuffles ?? [])])
    return this.#versions.changed ? this.#consistent(specs, await tasks) : tasks
  }

  /**
   * Runs tasks again whose inputs were lost after they had read them and came out different: otherwise the results would
   * mix two versions of one dataset, with records in both or in neither.
   */
  async #consistent(specs: readonly TaskSpec[], done: TaskDone[]): Promise<TaskDone[]> {
    for (let rollbacks = 0; ; rollbacks++) {
      const outdated = [...done.keys()].filter((i) => !this.#versions.areCurrent(done[i]!.reads))
      if (outdated.length === 0) return done
      if (rollbacks === MOST_ROLLBACKS) throw indeterminate(specs[outdated[0]!]!, done[outdated[0]!]!)
      const partitions = outdated.map((i) => specs[i]!.partition)
      this.#versions.rollBack('task', specs[outdated[0]!]!.label, partitions)
      for (const i of outdated) this.#books.undo(done[i]!, specs[i]!.job.batchTime)
      await Promise.all(
        outdated.map(async (i) => {
          done[i] = await this.#task(specs[i]!)
        }),
      )
    }
  }

  #newStage(identity: string, tasks: number): Stage {
    return { id: this.#stages++, identity, tasks, runTimes: [] }
  }

  #spec(job: Job, stage: Stage, rdd: Rdd<unknown>, sink: Sink, partition: number): TaskSpec {
    const plan = () => planTask(rdd, partition, sink, this.#tables)
    return { job, stage, partition, label: rdd.label, attempts: 0, plan }
  }

  /**
   * Begins a stage together with the shuffles that it reads, where all of it is small: so a batch is told to the threads
   * once, and not stage by stage.
   */
  #group(job: Job, rdd: Rdd<unknown>, sink: Sink, specs: readonly TaskSpec[]): BegunGroup | undefined {
    if (!this.#tasks.isFree) return undefined
    const partitions = specs.map(({ partition }) => partition)
    const group = planGroup(rdd, sink, partitions, this.#tables, {
      isFree: ({ id, partitioner }) =>
        !this.#making.has(id) && (partitioner.kind !== 'range' || partitioner.bounds !== undefined),
      isQuick: (like, tasks) => this.#tasks.isQuick(like, tasks),
    })
    if (!group) return undefined
    const writers = group.shuffles.map(({ dependency, tasks }) => {
      const stage = this.#newStage(mapping(dependency), tasks.length)
      return tasks.map((planned, partition): NewTask => {
        const spec = this.#spec(job, stage, dependency.rdd, shuffleSink(dependency), partition)
        return { spec, planned }
      })
    })
    const readers = group.tasks.map((planned, i): NewTask => ({ spec: specs[i]!, planned }))
    const begun = this.#tasks.runGroup(writers.flat(), readers)
    if (!begun) return undefined
    let next = 0
    const shuffles = group.shuffles.map(({ dependency }, i) => {
      const outputs = writers[i]!.map(({ spec }) => this.#output(dependency, spec, begun[next++]))
      return this.#register(job, dependency, Promise.all(outputs)).made
    })
    return { shuffles, tasks: begun.slice(next) }
  }

  /** `begun`: the first attempt, if it runs already. */
  async #task(spec: TaskSpec, begun?: Promise<TaskDone | MissingOutputs>): Promise<TaskDone> {
    const { job } = spec
    for (let attempt = begun, first = true; ; attempt = undefined, first = false) {
      const done = await (attempt ?? this.#tasks.run(spec))
      if (!(done instanceof MissingOutputs)) {
        this.#books.book(done, job.batchTime)
        return done
      }
      if (!first && job.budget.setBack(spec)) throw lostTooOften(spec)
      await Promise.all(done.dependencies.map((dependency) => this.#make(job, dependency)))
    }
  }

  /** Makes the missing map outputs of a shuffle; whoever else waits for the same shuffle waits for the same work. */
  async #make(job: Job, dependency: ShuffleDependency): Promise<void> {
    const { id } = dependency
    const making = this.#making.get(id) ?? this.#register(job, dependency, this.#mapStage(job, dependency))
    try {
      await making.made
    } catch (error) {
      // It ended with the job that made it, which is not this one's fault: what is missing is looked up again.
      if (!(error instanceof JobCancelledError) || making.job === job || job.cancelled) throw error
    }
  }

  async #mapStage(job: Job, dependency: ShuffleDependency): Promise<void> {
    const { rdd, partitioner } = dependency
    if (partitioner.kind === 'range' && !partitioner.bounds)
      partitioner.bounds = await this.#sampleBounds(job, dependency.id, partitioner)
    const missing = this.#tables.outputs.missing(dependency)
    const stage = this.#newStage(mapping(dependency), missing.length)
    const sink = shuffleSink(dependency)
    const specs = missing.map((partition) => this.#spec(job, stage, rdd, sink, partition))
    const group = this.#group(job, rdd, sink, specs)
    const outputs = specs.map((spec, i) => this.#output(dependency, spec, group?.tasks[i]))
    await Promise.all([...outputs, ...(group?.shuffles ?? [])])
  }

  async #output(
    dependency: ShuffleDependency,
    spec: TaskSpec,
    begun?: Promise<TaskDone | MissingOutputs>,
  ): Promise<void> {
    const done = await this.#task(spec, begun)
    const output = done.result.written.find((block) => block.as === 'shuffle')!
    this.#books.mapOutput(dependency, output, done, spec)
  }

  /** Whoever else needs the shuffle waits for this. */
  #register(job: Job, { id }: ShuffleDependency, outputs: Promise<unknown>): Making {
    const making = { job, made: outputs.finally(() => this.#making.delete(id)) }
    this.#making.set(id, making)
    return making
  }

  async #sampleBounds(job: Job, shuffle: number, partitioner: RangePartitioner): Promise<unknown[]> {
    const { sampled, partitions, ascending } = partitioner
    if (partitions === 1 || sampled.partitions === 0) return []
    const compare = this.#resolver.resolve(partitioner.compare!) as (a: unknown, b: unknown) => number
    const most = Math.ceil((SAMPLES * partitions * 3) / sampled.partitions)
    const sink: Sink = {
      op: 'apply',
      fn: { k: 'builtin', name: 'sampleKeys', args: [{ fn: partitioner.key }, { value: most }] },
      label: 'sample of sortBy',
    }
    const all = Array.from({ length: sampled.partitions }, (_, p) => p)
    const parts = (await this.#stage(job, `sample ${shuffle}`, sampled, sink, all)).map(
      ({ value }) => value as { keys: unknown[]; weight: number },
    )
    const weighted = parts.flatMap(({ keys, weight }) => keys.map((k) => ({ key: k, weight })))
    weighted.sort((a, b) => (ascending ? compare(a.key, b.key) : compare(b.key, a.key)))
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
    const bounds: unknown[] = []
    let passed = 0
    for (const { key: candidate, weight } of weighted) {
      passed += weight
      if (bounds.length < partitions - 1 && passed >= ((bounds.length + 1) * total) / partitions) {
        const last = bounds.at(-1)
        if (bounds.length === 0 || compare(last, candidate) !== 0) bounds.push(candidate)
      }
    }
    return bounds
  }
}

function mapping({ id }: ShuffleDependency): string {
  return `map ${id}`
}

function lostTooOften(spec: TaskSpec): TaskFailedError {
  return taskFailed(
    spec,
    `${spec.label} could not be planned in ${placeOf(spec)}: its inputs were lost again each time they had been computed. Look for what ends the threads, or set replicas to 2 or more.`,
  )
}

function indeterminate({ label, job, partition }: TaskSpec, { reads }: TaskDone): IndeterminateError {
  const from = [...new Set(reads.map(({ of }) => of.label))].join(', ')
  return new IndeterminateError(
    `${label} read data of ${from} that was lost and came out different when it was computed again, ${MOST_ROLLBACKS} times. Make what comes before it repeatable: seed random numbers, read no clock, or checkpoint() the dataset.`,
    { operation: label, partition, job: job.id, batchTime: job.batchTime, rollbacks: MOST_ROLLBACKS },
  )
}

function abortedBy({ reason }: AbortSignal, { id }: Job): JobCancelledError {
  return new JobCancelledError(`Job ${id} was cancelled by its signal.`, { job: id }, reason)
}
