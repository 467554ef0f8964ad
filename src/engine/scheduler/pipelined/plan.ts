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

/** A stage, and the shuffles that it reads. */
export interface PlannedGroup {
  /** In the order of their entries on the exchange board. */
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
 * Plans a stage together with the shuffles that it reads. Returns undefined if no output is missing, a shuffle already
 * has some outputs, its map tasks read another shuffle with missing outputs, state must be rebuilt, or the tasks are
 * not quick.
 */
export function planGroup(
  rdd: Dataset,
  sink: Sink,
  partitions: readonly number[],
  tables: PlanningTables,
  { isFree, isQuick }: GroupConditions,
): PlannedGroup | undefined {
  const [first] = partitions
  if (first === undefined || partitions.length > PLACES) return undefined
  const alone = planTask(rdd, first, sink, tables)
  if (!(alone instanceof MissingInputs) || alone.files.length > 0) return undefined
  const promised = new Map<number, { first: number; count: number }>()
  const shuffles: PlannedShuffle[] = []
  let places = 0
  for (const dependency of alone.dependencies) {
    const count = dependency.rdd.partitions
    if (!isFree(dependency) || places + count > PLACES) return undefined
    const missing = tables.outputs.missing(dependency)
    if (missing.length < count) return undefined
    const tasks = planAll(missing, isQuick, (p) => planTask(dependency.rdd, p, shuffleSink(dependency), tables))
    if (!tasks) return undefined
    promised.set(dependency.id, { first: places, count })
    places += count
    shuffles.push({ dependency, tasks })
  }
  const tasks = planAll(partitions, isQuick, (p) => planTask(rdd, p, sink, tables, promised))
  return tasks && { shuffles, tasks }
}

function planAll(
  partitions: readonly number[],
  isQuick: GroupConditions['isQuick'],
  plan: (partition: PartitionIndex) => PlannedTask | MissingInputs,
): PlannedTask[] | undefined {
  const tasks: PlannedTask[] = []
  for (const partition of partitions) {
    const planned = plan(partition)
    if (planned instanceof MissingInputs || planned.states.some(({ rebuilt }) => rebuilt !== undefined))
      return undefined
    // Checked for the first task, before the other tasks of a long stage are planned in vain.
    if (tasks.length === 0 && !isQuick(planned, partitions.length)) return undefined
    tasks.push(planned)
  }
  return tasks
}
