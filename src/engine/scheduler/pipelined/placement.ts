import type { ThreadId } from '../../../ids.js'
import type { PlannedTask } from '../planned-task.js'

/** A task of a group, and its expected run time in ms. */
export interface TimedTask {
  readonly planned: PlannedTask
  readonly ms: number
}

/** Total run time, in ms, up to which one thread runs all tasks: about the time of a message and its answer. */
const ALONE_MS = 0.5
/**
 * Run time per thread, in ms, above which the cost of messages is negligible, and dispatching to free threads is
 * better.
 */
const MOST_MS = 10

/** Returns whether tasks with a total run time of `ms` are worth sending together to `threads` threads. */
export function isQuickGroup(ms: number, threads: number): boolean {
  return ms <= MOST_MS * threads
}

/**
 * Assigns the tasks of a group to threads; in each thread, map tasks precede reduce tasks. Returns undefined if the
 * tasks should run one by one, because their run times are long or unknown, or the thread with their state is missing.
 */
export function placeGroup<T extends TimedTask>(
  writers: readonly T[],
  readers: readonly T[],
  threads: readonly ThreadId[],
): Map<ThreadId, T[]> | undefined {
  const all = [...writers, ...readers]
  const ms = all.reduce((sum, task) => sum + task.ms, 0)
  if (!isQuickGroup(ms, threads.length)) return undefined
  const pinned = all.some(({ planned }) => planned.pinned !== undefined)
  const among = ms <= ALONE_MS && !pinned ? threads.slice(0, 1) : threads
  const places = new Map<ThreadId, T[]>()
  for (const stage of [writers, readers]) {
    for (const [i, task] of stage.entries()) {
      const { pinned } = task.planned
      const thread = pinned === undefined ? among[i % among.length] : among.find((id) => id === pinned)
      if (thread === undefined) return undefined
      const list = places.get(thread)
      if (list) list.push(task)
      else places.set(thread, [task])
    }
  }
  return places
}
