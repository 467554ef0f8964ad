import type { ThreadId } from '../../ids.js'
import type { Dataset, Planner, ShuffleDependency, SourcePartition, StateRequest } from '../../ops/dataset.js'
import type { Plan } from '../../ops/plan.js'
import type { BlockHandle, BlockSlice } from '../../pool/blocks/handle.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { StateTracker } from '../state/state-tracker.js'
import type { LineageBlock, LineageStep } from '../status/lineage.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { PersistedLocation } from '../storage/persisted-partitions.js'

/** Partitions that are visited: each costs the description of its plan. */
const MOST_VISITS = 2_000
/** Sources, and blocks, that a step lists. */
const MOST_LISTED = 50
const LONGEST_SOURCE = 300
const FREED = 'received data, freed: what is computed from it is persisted and complete'
/** Stands for a parent's plan, which nothing runs. */
const NO_PLAN: Plan = { op: 'input', input: 0 }

interface Step {
  readonly dataset: Dataset
  readonly partitions: Set<number>
  readonly parents: Map<number, 'narrow' | 'shuffle'>
  readonly sources: string[]
  readonly blocks: LineageBlock[]
  omitted: number
}

/** The parts of an engine that know where data is. */
export interface LineageSources {
  readonly pool: ThreadPool | undefined
  readonly blocks: Pick<BlockManager, 'owners'>
  readonly states: Pick<StateTracker, 'plan'>
  locationOf(rdd: Dataset, partition: number): PersistedLocation | undefined
  valuesAt(rdd: Dataset, partition: number): PersistedLocation | undefined
  outputsOf(dependency: ShuffleDependency): readonly (BlockHandle | undefined)[]
}

/** Follows a partition to everything that it is computed from: a planner that records what datasets ask for and plans nothing. */
export class LineageRecorder implements Planner {
  readonly #engine: LineageSources
  readonly #slots: ReadonlyMap<ThreadId, number>
  /** By dataset, in the order in which they are reached. */
  readonly #steps = new Map<number, Step>()
  #current: Step | undefined
  #visits = 0
  truncated = false

  constructor(engine: LineageSources) {
    this.#engine = engine
    this.#slots = new Map(engine.pool?.threads().map(({ id, slot }) => [id, slot]))
  }

  steps(): LineageStep[] {
    return [...this.#steps.values()].map(({ dataset, partitions, parents, ...rest }) => ({
      rdd: dataset.id,
      label: dataset.label,
      partitions: [...partitions].sort((a, b) => a - b),
      of: dataset.partitions,
      parents: [...parents].map(([rdd, kind]) => ({ rdd, kind })),
      ...rest,
    }))
  }

  of(rdd: Dataset, partition: number): Plan {
    this.#visit(rdd, partition, 'narrow')
    return NO_PLAN
  }

  shuffle(dependency: ShuffleDependency, partition: number): number {
    const { rdd } = dependency
    const outputs = this.#engine.outputsOf(dependency)
    for (let map = 0; map < rdd.partitions; map++) {
      const step = this.#visit(rdd, map, 'shuffle')
      const output = outputs[map]
      if (step && output) this.#block(step, 'map output', map, output)
    }
    return partition
  }

  source(source: SourcePartition): number {
    const step = this.#current!
    if (source.from === 'received' && source.isFreed) this.#list(step, step.sources, FREED)
    else if (source.from === 'received')
      for (const { block } of source.slices as readonly BlockSlice[])
        this.#block(step, 'input', source.partition, block)
    else if (source.from === 'values') {
      const location = this.#engine.valuesAt(source.rdd, source.partition)
      if (location?.in === 'memory') this.#block(step, 'input', source.partition, location.block)
      this.#list(step, step.sources, `${source.values.length} records of the driver`)
    } else this.#list(step, step.sources, textOf(source).slice(0, LONGEST_SOURCE))
    return 0
  }

  state({ rdd, partition }: StateRequest): number {
    const { thread } = this.#engine.states.plan(rdd, partition)
    const slots = thread === undefined ? [] : this.#slotsOf([thread])
    this.#list(this.#current!, this.#current!.blocks, { kind: 'state', partition, slots })
    return 0
  }

  rejects(): number {
    return 0
  }

  observe(): number {
    return 0
  }

  watermark(): number {
    return 0
  }

  /** Records that the current step reads a partition, and follows it. Returns its step on the first visit. */
  #visit(rdd: Dataset, partition: number, kind: 'narrow' | 'shuffle'): Step | undefined {
    const child = this.#current
    let step = this.#steps.get(rdd.id)
    if (step?.partitions.has(partition)) {
      child?.parents.set(rdd.id, kind)
      return undefined
    }
    if (++this.#visits > MOST_VISITS) {
      this.truncated = true
      return undefined
    }
    if (!step) {
      step = { dataset: rdd, partitions: new Set(), parents: new Map(), sources: [], blocks: [], omitted: 0 }
      this.#steps.set(rdd.id, step)
    }
    child?.parents.set(rdd.id, kind)
    step.partitions.add(partition)
    const location = rdd.storage && this.#engine.locationOf(rdd, partition)
    if (location?.in === 'memory') this.#block(step, 'persisted', partition, location.block)
    else if (location)
      this.#list(step, step.blocks, { kind: 'persisted', partition, bytes: location.file.length, slots: [] })
    this.#current = step
    rdd.plan(partition, this)
    this.#current = child
    return step
  }

  #block(step: Step, kind: LineageBlock['kind'], partition: number, { id, length }: BlockHandle): void {
    const slots = this.#slotsOf(this.#engine.blocks.owners(id))
    this.#list(step, step.blocks, { kind, partition, bytes: length, slots })
  }

  #slotsOf(threads: readonly ThreadId[]): number[] {
    return threads.flatMap((thread) => this.#slots.get(thread) ?? []).sort((a, b) => a - b)
  }

  #list<V>(step: Step, list: V[], value: V): void {
    if (list.length < MOST_LISTED) list.push(value)
    else step.omitted++
  }
}

function textOf(source: Exclude<SourcePartition, { from: 'values' | 'received' }>): string {
  switch (source.from) {
    case 'file':
      return `${source.range.path}, bytes ${source.range.start} to ${source.range.end}`
    case 'file-part':
      return `${source.files.path}, part ${source.index + 1} of ${source.of}`
    case 'reader':
      return Object.entries(source.input)
        .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
        .join(', ')
    case 'range':
      return `numbers from ${source.start} to ${source.end}`
  }
}
