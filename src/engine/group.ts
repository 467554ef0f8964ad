import type { Sink } from '../ops/plan.js'
import type { Rdd, ShuffleDependency } from '../ops/rdd/rdd.js'
import { PLACES } from '../pool/blocks/exchange-board.js'
import { MissingOutputs, type PlannedTask, type PlanningTables, planTask, shuffleSink } from './planner.js'

/** The map tasks of a shuffle that nothing is made of yet. */
export interface PlannedShuffle {
  readonly dependency: ShuffleDependency
  readonly tasks: readonly PlannedTask[]
}

/** A stage, and the shuffles that it needs first. */
export interface PlannedGroup {
  /** In the order of their places on the exchange board. */
  readonly shuffles: readonly PlannedShuffle[]
  readonly tasks: readonly PlannedTask[]
}

export interface GroupConditions {
  /** Whether nobody makes the shuffle yet, and nothing else is needed for it. */
  readonly isFree: (dependency: ShuffleDependency) => boolean
  /** Whether so many tasks like this one are quick enough. */
  readonly isQuick: (like: PlannedTask, tasks: number) => boolean
}

/**
 * Plans a stage together with the shuffles that it reads. Undefined where that cannot be: nothing is missing, or a part of
 * a shuffle is there, or its map tasks wait for others in turn, or state must be rebuilt first, or tasks are not quick.
 */
export function planGroup(
  rdd: Rdd<unknown>,
  sink: Sink,
  partitions: readonly number[],
  tables: PlanningTables,
  { isFree, isQuick }: GroupConditions,
): PlannedGroup | undefined {
  const [first] = partitions
  if (first === undefined || partitions.length > PLACES) return undefined
  const alone = planTask(rdd, first, sink, tables)
  if (!(alone instanceof MissingOutputs)) return undefined
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
  plan: (partition: number) => PlannedTask | MissingOutputs,
): PlannedTask[] | undefined {
  const tasks: PlannedTask[] = []
  for (const partition of partitions) {
    const planned = plan(partition)
    if (planned instanceof MissingOutputs || planned.states.some(({ rebuilt }) => rebuilt !== undefined))
      return undefined
    // Asked of one, before all of a long stage are planned in vain.
    if (tasks.length === 0 && !isQuick(planned, partitions.length)) return undefined
    tasks.push(planned)
  }
  return tasks
}
