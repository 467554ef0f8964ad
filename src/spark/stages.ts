import { serialize } from 'node:v8'
import { shuffleSink } from '../engine/scheduler/planner.js'
import type { SnapshotRows } from '../engine/state/snapshot-chain.js'
import type { FileChangedError } from '../errors.js'
import type { Dataset, ShuffleDependency } from '../ops/dataset.js'
import type { Sink } from '../ops/plan.js'
import type { StateRdd } from '../ops/rdd/state.js'
import type { Gateway } from './gateway.js'
import type { Programs } from './programs.js'
import type { TaskInputs } from './stage-input.js'
import { type ParentRdds, StagePlanner, type StagePlannerOptions } from './stage-planner.js'
import { type Stage, StageTable } from './stage-table.js'
import type { StateBook } from './state-book.js'

const LEVELS: Readonly<Record<string, string>> = {
  memory: 'MEMORY_ONLY',
  'memory-and-disk': 'MEMORY_AND_DISK',
  disk: 'DISK_ONLY',
}

/** Kinds of reads, as the bridge numbers them. */
const KINDS = ['records', 'shuffle', 'state', 'late']

/** Describes stages to the gateway. A shuffle and a persisted dataset are one RDD each, as long as something refers to them. */
export class Stages implements ParentRdds {
  readonly #gateway: Gateway
  readonly #programs: Programs
  readonly #options: Omit<StagePlannerOptions, 'parents' | 'application'>
  readonly #states: StateBook
  /** The RDD of a shuffle, then that of its map tasks. */
  readonly #shuffles = new WeakMap<ShuffleDependency, readonly [number, number]>()
  readonly #persisted = new WeakMap<Dataset, number>()
  readonly #table = new StageTable()
  /** Drops the RDDs of a dependency or dataset that the program has no longer. */
  readonly #unused = new FinalizationRegistry<readonly number[]>((rdds) => this.#drop(rdds))
  #next = 0
  /** The batch of the job whose stages are being created. */
  #batchTime: number | undefined

  constructor(
    gateway: Gateway,
    programs: Programs,
    states: StateBook,
    options: Omit<StagePlannerOptions, 'parents' | 'application'>,
  ) {
    this.#gateway = gateway
    this.#programs = programs
    this.#states = states
    this.#options = options
  }

  /** Returns the stage with this number in the gateway; undefined if it was dropped or is outdated. */
  get(rdd: number): Stage | undefined {
    return this.#table.get(rdd)
  }

  /** Whether a stage must be described again, because a file was left out meanwhile. */
  isOutdated({ rdd }: Pick<Stage, 'rdd'>): boolean {
    return this.#table.isOutdated(rdd)
  }

  /** Leaves the file that an error names out of the datasets that a stage reads, if they can do without it. Returns whether it did. */
  leaveOut({ rdd }: Pick<Stage, 'rdd'>, error: FileChangedError): boolean {
    return this.#table.leaveOut(rdd, error)
  }

  /** Creates the stage of a job's results, and those that it reads. Drop it after the job. */
  result(rdd: Dataset, sink: Sink, batchTime?: number): Stage {
    this.#batchTime = batchTime
    return this.#stage(rdd, sink)
  }

  #stage(rdd: Dataset, sink: Sink): Stage {
    return this.#create(rdd, sink, (planner, partition) => planner.of(rdd, partition))
  }

  drop(stage: Stage): void {
    this.#drop([stage.rdd])
  }

  shuffled(dependency: ShuffleDependency): number {
    const known = this.#shuffles.get(dependency)
    if (known && !this.#table.isOutdated(known[0])) return known[0]
    if (known) this.#release(dependency)
    const { rdd: of } = this.#stage(dependency.rdd, shuffleSink(dependency))
    const id = this.#next++
    this.#gateway.tell({ op: 'shuffle', id, of, partitions: dependency.partitioner.partitions })
    this.#table.add(id, [of])
    this.#shuffles.set(dependency, [id, of])
    this.#unused.register(dependency, [id, of], dependency)
    return id
  }

  persisted(rdd: Dataset): number {
    const known = this.#persisted.get(rdd)
    if (known !== undefined && !this.#table.isOutdated(known)) return known
    this.unpersist(rdd)
    // Its own plan: `of` would read the persisted partitions.
    const stage = this.#create(rdd, { op: 'collect' }, (planner, partition) => planner.computed(rdd, partition))
    this.#gateway.tell({ op: 'persist', id: stage.rdd, level: LEVELS[rdd.storage!] })
    this.#persisted.set(rdd, stage.rdd)
    this.#unused.register(rdd, [stage.rdd], rdd)
    return stage.rdd
  }

  version(rdd: StateRdd<unknown>): number {
    const { operator, time } = rdd
    const known = this.versionAt(operator, time)
    if (known !== undefined && !this.#table.isOutdated(known)) return known
    if (known !== undefined) this.#drop([known])
    const { rdd: id } = this.#create(rdd, { op: 'collect' }, (planner, partition) => planner.version(rdd, partition))
    const { isCheckpoint, unused } = this.#states.enter(rdd, id)
    // Its blocks are those of the version before and the new ones, so versions in memory share them.
    this.#gateway.tell({ op: 'persist', id, level: LEVELS['memory-and-disk'] })
    if (isCheckpoint) this.#gateway.tell({ op: 'checkpoint', id })
    this.#drop(unused)
    return id
  }

  versionAt(operator: number, time: number): number | undefined {
    return this.#states.find(operator, time)
  }

  restoredAt(operator: number, time: number, partition: number): SnapshotRows {
    return this.#states.restoredRows(operator, time)![partition]!
  }

  /** Drops the shuffles that a dataset reads, and its persisted partitions: nothing reads them any more. */
  release(rdd: Dataset): void {
    this.unpersist(rdd)
    for (const dependency of rdd.dependencies) if (dependency.kind === 'shuffle') this.#release(dependency)
  }

  #release(dependency: ShuffleDependency): void {
    const known = this.#shuffles.get(dependency)
    if (known === undefined) return
    this.#shuffles.delete(dependency)
    this.#unused.unregister(dependency)
    this.#drop(known)
  }

  unpersist(rdd: Dataset): void {
    const known = this.#persisted.get(rdd)
    if (known === undefined) return
    this.#persisted.delete(rdd)
    this.#unused.unregister(rdd)
    this.#drop([known])
  }

  #create(
    rdd: Dataset,
    sink: Sink,
    planOf: (planner: StagePlanner, partition: number) => Parameters<Programs['use']>[0]['plan'],
  ): Stage {
    const parents: number[] = []
    const broadcasts = new Set<number>()
    const options = { ...this.#options, parents: this, application: this.#states.application }
    const planners = Array.from({ length: rdd.partitions }, () => new StagePlanner(options))
    const inputs: Buffer[] = []
    const partitions = planners.map((planner, partition) => {
      const program = this.#programs.use({ plan: planOf(planner, partition), sink })
      for (const broadcast of program.broadcasts) broadcasts.add(broadcast)
      const given: TaskInputs = { inputs: planner.inputs, batchTime: this.#batchTime }
      const bytes = serialize(given)
      inputs.push(bytes)
      const reads = planner.reads.map((read) => [
        read.input,
        KINDS.indexOf(read.kind),
        numberOf(read.rdd, parents),
        read.partition,
        read.state,
      ])
      return { program: program.number, inputs: bytes.length, reads, state: planner.made }
    })
    const id = this.#next++
    this.#gateway.tell({ op: 'rdd', id, parents, partitions, broadcasts: [...broadcasts] }, Buffer.concat(inputs))
    const stage = { rdd: id, label: rdd.label, partitions: planners, reported: new Set<number>() }
    this.#table.add(id, parents, stage)
    return stage
  }

  #drop(rdds: readonly number[]): void {
    for (const id of rdds) {
      this.#table.drop(id)
      if (!this.#gateway.isEnded) this.#gateway.tell({ op: 'drop', id })
    }
  }
}

function numberOf(rdd: number, parents: number[]): number {
  const known = parents.indexOf(rdd)
  return known >= 0 ? known : parents.push(rdd) - 1
}
