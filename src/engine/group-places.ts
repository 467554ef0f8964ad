import type { PoolThread } from '../pool/pool-thread.js'
import type { PlannedTask } from './planner.js'

/** A task of a group, and about how long it will run. */
export interface GroupedTask {
  readonly planned: PlannedTask
  readonly ms: number
}

/** Work that is done sooner than a second thread is told of its part: about what a message and its answer take. */
const ALONE_MS = 0.5
/** Above that, messages do not matter, and it is better to give each thread the next task when it is free. */
const MOST_MS = 10

/** Whether tasks of so many ms in all are better told at once to so many threads. */
export function isQuickGroup(ms: number, threads: number): boolean {
  return ms <= MOST_MS * threads
}

/**
 * Which thread runs which tasks of a group: those that read come after those that write, in each thread. Undefined where
 * the tasks had better go one by one: they are not quick, or nobody knows, or a thread that holds their state is not there.
 */
export function placeGroup<T extends GroupedTask>(
  writers: readonly T[],
  readers: readonly T[],
  threads: readonly PoolThread[],
): Map<PoolThread, T[]> | undefined {
  const all = [...writers, ...readers]
  const ms = all.reduce((sum, task) => sum + task.ms, 0)
  if (!isQuickGroup(ms, threads.length)) return undefined
  const pinned = all.some(({ planned }) => planned.pinned !== undefined)
  const among = ms <= ALONE_MS && !pinned ? threads.slice(0, 1) : threads
  const places = new Map<PoolThread, T[]>()
  for (const stage of [writers, readers]) {
    for (const [i, task] of stage.entries()) {
      const { pinned } = task.planned
      const thread = pinned === undefined ? among[i % among.length] : among.find(({ id }) => id === pinned)
      if (!thread) return undefined
      const list = places.get(thread)
      if (list) list.push(task)
      else places.set(thread, [task])
    }
  }
  return places
}
