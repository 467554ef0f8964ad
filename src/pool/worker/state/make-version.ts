import type { VersionWatermarks } from '../../../ops/plan.js'
import type { Changes } from './changes.js'
import type { Pairs } from './pairs.js'
import type { StatePartition } from './store.js'

/** The inputs of a version, besides the version before. */
export interface VersionInput {
  /** The batch time. */
  readonly time: number
  /** The pairs of each group of changes, in order. */
  readonly groups: readonly Pairs[]
  /** Whether to search for idle keys. */
  readonly scan: boolean
  /** Present for state by event time. */
  readonly watermarks: VersionWatermarks | undefined
  /** Takes the records that came too late, as `[time, record]`. */
  readonly late: unknown[]
}

/** Makes a version from the one before. Returns records if it has an output besides its entries. */
export type MakeVersion = (state: StatePartition, changes: Changes, input: VersionInput) => readonly unknown[]
