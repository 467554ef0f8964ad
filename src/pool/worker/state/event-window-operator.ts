import type { EventWindowOperator } from '../../../ops/plan.js'
import type { ThreadServices } from '../runtime/task.js'
import { aggregationOf } from './aggregation.js'
import { makeFixedWindows } from './event-fixed-windows.js'
import { makeSessionWindows } from './event-session-windows.js'
import type { EmitWindow } from './event-window.js'
import type { MakeVersion } from './make-version.js'

/**
 * Windows of event time. A window is emitted in the version whose watermark passes its end, and again if late records
 * change it.
 */
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
