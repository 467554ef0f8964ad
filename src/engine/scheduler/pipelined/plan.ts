import type { PartitionIndex } from '../../../ids.js'
import type { Dataset, ShuffleDependency } from '../../../ops/dataset.js'
import type { Sink } from '../../../ops/plan.js'
import { PLACES } from '../../../pool/blocks/exchange-board.js'
import { MissingInputs, type PlannedTask } from '../planned-task.js'
import { type PlanningTables, planTask, shuffleSink } from '../planner.js'

/** The map tasks of a shuffle without any outputs. */
export interface PlannedShuffle {
  readonly dependency: ShuffleDependency
  readonly tasks: readonly PlannedTask[]
}

/** A stage, and the shuffles that it reads, directly or through other shuffles. */
export interface PlannedGroup {
  /** In the order of their entries on the exchange board. A shuffle follows those that its map tasks read. */
  readonly shuffles: readonly PlannedShuffle[]
  readonly tasks: readonly PlannedTask[]
}

export interface GroupConditions {
  /** Whether no map stage of the shuffle runs, and its map tasks can be planned. */
  readonly isFree: (dependency: ShuffleDependency) => boolean
  /** Whether `tasks` tasks of this program are quick enough. */
  readonly isQuick: (like: PlannedTask, tasks: number) => boolean
}

/**
 * Plans a stage together with all shuffles that it needs. Returns undefined if no output is missing, a shuffle already has some
 * outputs, files must be listed, state must be rebuilt, or the tasks are not quick.
 */
export function planGroup(
  rdd: Dataset,
  sink: Sink,
  partitions: readonly number[],
  tables: PlanningTables,
  conditions: GroupConditions,
): PlannedGroup | undefined {
  if (partitions.length > PLACES) return undefined
  const group = new Group(tables, conditions)
  const tasks = group.stage(rdd, sink, partitions)
  return tasks && group.shuffles.length > 0 ? { shuffles: group.shuffles, tasks } : undefined
}

class Group {
  readonly shuffles: PlannedShuffle[] = []
  readonly #tables: PlanningTables
  readonly #conditions: GroupConditions
  readonly #promised = new Map<number, { first: number; count: number }>()
  #places = 0

  constructor(tables: PlanningTables, conditions: GroupConditions) {
    this.#tables = tables
    this.#conditions = conditions
  }

  /** Plans the tasks of a stage, after the shuffles that they need. */
  stage(rdd: Dataset, sink: Sink, partitions: readonly PartitionIndex[]): PlannedTask[] | undefined {
    const tasks: PlannedTask[] = []
    const plan = (partition: PartitionIndex) => planTask(rdd, partition, sink, this.#tables, this.#promised)
    for (const partition of partitions) {
      let planned = plan(partition)
      if (planned instanceof MissingInputs) {
        if (planned.files.length > 0 || !planned.dependencies.every((of) => this.#shuffle(of))) return undefined
        planned = plan(partition)
      }
      if (planned instanceof MissingInputs || planned.states.some(({ rebuilt }) => rebuilt !== undefined))
        return undefined
      // Checked for the first task, before the other tasks of a long stage are planned in vain.
      if (tasks.length === 0 && !this.#conditions.isQuick(planned, partitions.length)) return undefined
      tasks.push(planned)
    }
    return tasks
  }

  /** Plans the map tasks of a shuffle. Returns whether its outputs can be promised. */
  #shuffle(dependency: ShuffleDependency): boolean {
    const { rdd, id } = dependency
    if (this.#promised.has(id)) return true
    const count = rdd.partitions
    if (!this.#conditions.isFree(dependency) || this.#places + count > PLACES) return false
    const missing = this.#tables.outputs.missing(dependency)
    if (missing.length < count) return false
    const tasks = this.stage(rdd, shuffleSink(dependency), missing)
    if (!tasks || this.#places + count > PLACES) return false
    this.#promised.set(id, { first: this.#places, count })
    this.#places += count
    this.shuffles.push({ dependency, tasks })
    return true
  }
}
