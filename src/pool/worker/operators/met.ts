import type { Plan } from '../../../ops/plan.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import type { Task } from '../runtime/task.js'
import type { Partners } from '../tables/partners.js'

export type Join = Plan & { op: 'join' }

/** A part of the left side of a join, and the first partner of each of its rows. */
export interface Met {
  readonly part: PairColumns
  /** The first row of the right side, or NONE. Valid until another join looks up its keys. */
  readonly rows: Int32Array
  readonly partners: Partners
}

/** Yields the left side part by part, then the right side's records without a partner in arrays. */
export type MetSource = (task: Task, each: (met: Met) => void, eachAlone: (records: readonly unknown[]) => void) => void
