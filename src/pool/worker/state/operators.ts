import type { StateOperator, VersionWatermarks } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import type { Changes } from './changes.js'
import { makeEventJoinOperator } from './event-join-operator.js'
import { makeEventWindowOperator } from './event-window-operator.js'
import { makeMapOperator } from './map-operator.js'
import type { Pairs } from './pairs.js'
import type { StatePartition } from './store.js'
import { makeUpdateOperator } from './update-operator.js'
import { makeWindowOperator } from './window-operator.js'

/** What a version is made of, besides the version before. */
export interface VersionInput {
  /** The batch time. */
  readonly time: number
  /** The pairs of each group of changes, in order. */
  readonly groups: readonly Pairs[]
  /** Look for keys that have been idle too long. */
  readonly scan: boolean
  /** Present for state by event time. */
  readonly watermarks: VersionWatermarks | undefined
  /** Takes the records that came too late, as `[time, record]`. */
  readonly late: unknown[]
}

/** Makes a version from the one before; answers with records where it has an output besides its entries. */
export type MakeVersion = (state: StatePartition, changes: Changes, input: VersionInput) => readonly unknown[]

export function makeOperator(operator: StateOperator, services: ThreadServices): MakeVersion {
  switch (operator.kind) {
    case 'window':
      return makeWindowOperator(operator, services)
    case 'update':
      return makeUpdateOperator(operator, services)
    case 'map':
      return makeMapOperator(operator, services)
    case 'eventWindow':
      return makeEventWindowOperator(operator, services)
    case 'eventJoin':
      return makeEventJoinOperator(operator)
  }
}
