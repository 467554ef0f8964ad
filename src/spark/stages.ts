import { serialize } from 'node:v8'
import { shuffleSink } from '../engine/scheduler/planner.js'
import type { Dataset, ShuffleDependency } from '../ops/dataset.js'
import type { Sink } from '../ops/plan.js'
import type { Gateway } from './gateway.js'
import type { Programs } from './programs.js'
import { type ParentRdds, StagePlanner, type StagePlannerOptions } from './stage-planner.js'

/** A stage that the gateway has: what its tasks compute, for their reports and errors. */
export interface Stage {
  readonly rdd: number
  readonly label: string
  readonly partitions: readonly Pick<StagePlanner, 'rejecting' | 'sources'>[]
  /** Partitions whose report was entered. Spark runs tasks again after it has lost their output. */
  readonly reported: Set<number>
}

const LEVELS: Readonly<Record<string, string>> = {
  memory: 'MEMORY_ONLY',
  'memory-and-disk': 'MEMORY_AND_DISK',
  disk: 'DISK_ONLY',
}

/** Describes stages to the gateway. A shuffle and a persisted dataset are one RDD each, as long as something refers to them. */
export class Stages implements ParentRdds {
  readonly #gateway: Gateway
  readonly #programs: Programs
  readonly #options: Omit<StagePlannerOptions, 'parents'>
  /** The RDD of a shuffle, then that of its map tasks. */
  readonly #shuffles = new WeakMap<ShuffleDependency, readonly [number, number]>()
  readonly #persisted = new WeakMap<Dataset, number>()
  readonly #stages = new Map<number, Stage>()
  /** Drops the RDDs of a dependency or dataset that the program has no longer. */
  readonly #unused = new FinalizationRegistry<readonly number[]>((rdds) => this.#drop(rdds))
  #next = 0

  constructor(gateway: Gateway, programs: Programs, options: Omit<StagePlannerOptions, 'parents'>) {
    this.#gateway = gateway
    this.#programs = programs
    this.#options = options
  }

  /** Returns the stage with this number in the gateway; undefined if it was dropped. */
  get(rdd: number): Stage | undefined {
    return this.#stages.get(rdd)
  }

  /** Creates the stage of a job's results. Drop it after the job. */
  result(rdd: Dataset, sink: Sink): Stage {
    return this.#create(rdd, sink, (planner, partition) => planner.of(rdd, partition))
  }

  drop(stage: Stage): void {
    this.#drop([stage.rdd])
  }

  shuffled(dependency: ShuffleDependency): number {
    const known = this.#shuffles.get(dependency)
    if (known) return known[0]
    const { rdd: of } = this.result(dependency.rdd, shuffleSink(dependency))
    const id = this.#next++
    this.#gateway.tell({ op: 'shuffle', id, of, partitions: dependency.partitioner.partitions })
    this.#shuffles.set(dependency, [id, of])
    this.#unused.register(dependency, [id, of], dependency)
    return id
  }

  persisted(rdd: Dataset): number {
    const known = this.#persisted.get(rdd)
    if (known !== undefined) return known
    // Its own plan: `of` would read the persisted partitions.
    const stage = this.#create(rdd, { op: 'collect' }, (planner, partition) => rdd.plan(partition, planner))
    this.#gateway.tell({ op: 'persist', id: stage.rdd, level: LEVELS[rdd.storage!] })
    this.#persisted.set(rdd, stage.rdd)
    this.#unused.register(rdd, [stage.rdd], rdd)
    return stage.rdd
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
    const planners = Array.from({ length: rdd.partitions }, () => new StagePlanner({ ...this.#options, parents: this }))
    const inputs: Buffer[] = []
    const partitions = planners.map((planner, partition) => {
      const program = this.#programs.use({ plan: planOf(planner, partition), sink })
      for (const broadcast of program.broadcasts) broadcasts.add(broadcast)
      const bytes = serialize(planner.inputs)
      inputs.push(bytes)
      const reads = planner.reads.map((read) => [
        read.input,
        read.isShuffle,
        numberOf(read.rdd, parents),
        read.partition,
      ])
      return { program: program.number, inputs: bytes.length, reads }
    })
    const id = this.#next++
    this.#gateway.tell({ op: 'rdd', id, parents, partitions, broadcasts: [...broadcasts] }, Buffer.concat(inputs))
    const stage = { rdd: id, label: rdd.label, partitions: planners, reported: new Set<number>() }
    this.#stages.set(id, stage)
    return stage
  }

  #drop(rdds: readonly number[]): void {
    for (const id of rdds) {
      this.#stages.delete(id)
      if (!this.#gateway.isEnded) this.#gateway.tell({ op: 'drop', id })
    }
  }
}

function numberOf(rdd: number, parents: number[]): number {
  const known = parents.indexOf(rdd)
  return known >= 0 ? known : parents.push(rdd) - 1
}
