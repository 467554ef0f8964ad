import type { EventWindowOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../task.js'
import { aggregationOf } from './aggregation.js'
import { makeFixedWindows } from './event-fixed-windows.js'
import { makeSessionWindows } from './event-session-windows.js'
import type { MakeVersion } from './operators.js'

/** A record of a window's input: its event time and its value. */
export type Timed = readonly [time: number, value: unknown]

/** Gives the result of a window, at the last ms that belongs to it. */
export type EmitWindow = (start: number, end: number, key: unknown, value: unknown) => void

/** Windows of event time: each is given in the version whose watermark passes its end, and again if late records change it. */
export function makeEventWindowOperator(operator: EventWindowOperator, services: ThreadServices): MakeVersion {
  const { window, allowedLateness, keyed } = operator
  const aggregation = aggregationOf(operator, services)
  const make =
    window.kind === 'fixed'
      ? makeFixedWindows(window, allowedLateness, aggregation)
      : makeSessionWindows(window.gap, allowedLateness, aggregation)
  return (state, changes, input) => {
    const output: unknown[] = []
    const emit: EmitWindow = (start, end, key, value) => {
      const window = { start, end }
      output.push([end - 1, keyed ? { window, key, value } : { window, value }])
    }
    make(state, changes, input, emit)
    return output
  }
}
