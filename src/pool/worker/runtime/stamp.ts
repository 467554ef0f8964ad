import { ArgumentError } from '../../../errors.js'
import type { Plan } from '../../../ops/plan.js'
import { describe } from '../../../values/describe.js'
import { PROGRESS } from '../../thread-status.js'
import type { PlanCompiler, Source } from './plan-compiler.js'
import { labelled } from './task.js'

/**
 * Compiles the pairing of each record with its event time. The task's result reports the partition's latest time to the
 * driver.
 */
export function compileStamp(plan: Plan & { op: 'stamp' }, compiler: PlanCompiler): Source {
  const source = compiler.source(plan.of)
  const timeOf = compiler.services.resolve(plan.fn)
  return (task, each) => {
    const input = task.inputs[plan.input]!
    if (input.in !== 'observe') throw new TypeError(`Event times are observed for an observe input, not ${input.in}.`)
    const { status } = task.meter
    let records = 0
    let latest = Number.NEGATIVE_INFINITY
    source(task, (piece) => {
      const stamped: [number, unknown][] = []
      labelled(task, plan.label, () => {
        for (const record of piece) {
          status[PROGRESS]!++
          const time = toTime(timeOf(record), plan.label)
          if (time > latest) latest = time
          stamped.push([time, record])
        }
      })
      records += stamped.length
      each(stamped)
    })
    const { stream, time, partition } = input
    task.observed.push({ stream, time, partition, records, late: 0, latest })
  }
}

function toTime(given: unknown, label: string): number {
  const time = given instanceof Date ? given.getTime() : given
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw new ArgumentError(
    `${label}: the function returned ${describe(given)} for a record. It must return the record's time: finite ms since 1970, or a valid Date.`,
  )
}
