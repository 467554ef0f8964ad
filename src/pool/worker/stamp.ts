import { ArgumentError } from '../../errors.js'
import type { Plan } from '../../ops/plan.js'
import { PROGRESS } from '../vitals.js'
import type { PlanCompiler, Source } from './plans.js'
import { labelled } from './task.js'

/** Each record with its event time; the task's result tells the driver how far time has come in this partition. */
export function compileStamp(plan: Plan & { op: 'stamp' }, compiler: PlanCompiler): Source {
  const source = compiler.source(plan.of)
  const timeOf = compiler.services.resolve(plan.fn)
  return (task, each) => {
    const input = task.inputs[plan.slot]!
    if (input.in !== 'observe') throw new TypeError(`Event times are observed for an observe input, not ${input.in}.`)
    const { vitals } = task.meter
    let records = 0
    let latest = Number.NEGATIVE_INFINITY
    source(task, (piece) => {
      const stamped: [number, unknown][] = []
      labelled(task, plan.label, () => {
        for (const record of piece) {
          vitals[PROGRESS]!++
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
    `${label}: the function answered ${String(given)} for a record. It must answer with the record's time: finite ms since 1970, or a valid Date.`,
  )
}
