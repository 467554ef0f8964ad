import type { Rdd } from '../rdd/rdd.js'
import { nextAfter, type Stream } from './dstream.js'
import type { RestoredBatches } from './node.js'

/** The batches before a restart that a window may read. */
class Past {
  /** The batch of the checkpoint. Batches up to there are read only if they were restored for this window. */
  after = Number.NEGATIVE_INFINITY
  restored: readonly number[] = []
  /** When the window began to exist, if that was before the restart or at it. */
  begun: number | undefined
}

function pastOf(window: Stream<unknown>): Past {
  return window.graph.run.of(window, Past)
}

/** Lets a window continue after `time` with these batches; it begins there without any if there are none. */
export function continueAfter(window: Stream<unknown>, time: number, restored: RestoredBatches | undefined): void {
  const { times, begun } = restored ?? { times: [], begun: time }
  const past = pastOf(window)
  past.after = time
  past.restored = [...times].sort((a, b) => a - b)
  past.begun = begun
}

/** Returns the time before the first batch that a window could hold. */
export function begunAt(window: Stream<unknown>): number {
  return pastOf(window).begun ?? window.graph.zeroTime
}

/**
 * Returns the times of the parent's batches that a window may read, with start < time <= end. Restored ones may have another
 * interval than those since.
 */
export function timesOf(window: Stream<unknown>, start: number, end: number): number[] {
  const parent = window.parents[0]!
  const { after, restored } = pastOf(window)
  const times = restored.filter((time) => time > start && time <= end)
  let time = nextAfter(parent, Math.max(start, after, window.graph.zeroTime))
  for (; time <= end; time += parent.slideDuration) times.push(time)
  return times
}

/** Returns the RDDs that a window reads, with start < time <= end, with their times. Skips times without a dataset. */
export function between<T>(window: Stream<unknown>, start: number, end: number): [number, Rdd<T>][] {
  const rdds: [number, Rdd<T>][] = []
  for (const time of timesOf(window, start, end)) {
    const rdd = window.parents[0]!.getOrCompute(time)
    if (rdd) rdds.push([time, rdd as Rdd<T>])
  }
  return rdds
}
