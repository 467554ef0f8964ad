import type { Plan } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { PlanCompiler, Source } from '../plans.js'
import { labelled } from '../task.js'
import { type Aggregation, aggregationOf } from './aggregation.js'
import type { Timed } from './event-window-operator.js'

/** A run of records with less than the gap between neighbours; it ends a gap after its last one. */
export type Session = readonly [first: number, last: number, accumulator: unknown]

/** What the map side makes of one key: a run of records of its partition, or a record that may be too late. */
export type SessionPart = Session | Timed

export function isRun(part: SessionPart): part is Session {
  return part.length === 3
}

/**
 * The map side of sessions: the records of a key in runs. A record that is a session over and done with, if it is alone,
 * travels as it is: only where all of its session meet is it known whether it is too late, and then it is told by itself.
 * One that is in time makes everything it meets be in time.
 */
export function compileSessionParts(plan: Plan & { op: 'parts' }, gap: number, compiler: PlanCompiler): Source {
  const { slot, allowedLateness, label } = plan
  const runner = compiler.runner(plan.of)
  const aggregation = aggregationOf(plan, compiler.services)
  return (task, each) => {
    const input = task.inputs[slot]!
    if (input.in !== 'watermark') throw new TypeError(`Runs are made by a watermark input, not ${input.in}.`)
    const inTime = input.before - gap - allowedLateness
    const runs = new KeyedMap<Session[]>()
    const parts: [key: unknown, part: SessionPart][] = []
    labelled(task, label, () =>
      runner(task, (record) => {
        const [key, timed] = record as readonly [unknown, Timed]
        if (timed[0] <= inTime) {
          parts.push([key, timed])
          return
        }
        const sessions = runs.get(key)
        if (sessions) addToRuns(sessions, timed, gap, aggregation)
        else runs.set(key, [[timed[0], timed[0], aggregation.first(timed[1])]])
      }),
    )
    for (const [key, sessions] of runs.entries()) for (const session of sessions) parts.push([key, session])
    each(parts)
  }
}

/** Adds a record to the run that it meets, if any. There is at least one; they are in order, with a gap at least between them. */
export function addToRuns(
  runs: Session[],
  [time, value]: Timed,
  gap: number,
  { first, add, merge }: Aggregation,
): void {
  const after = firstBehind(runs, time + gap)
  const run = runs[after - 1]
  if (!run || run[1] + gap <= time) {
    runs.splice(after, 0, [time, time, first(value)])
    return
  }
  const grown: Session = [Math.min(run[0], time), Math.max(run[1], time), add(run[2], value)]
  const previous = runs[after - 2]
  // It may fill the gap to the run before; further away than that is nothing that it meets.
  if (previous && previous[1] + gap > grown[0]) {
    runs.splice(after - 2, 2, [previous[0], grown[1], merge(previous[2], grown[2])])
  } else runs[after - 1] = grown
}

/** The place of the first run that begins at `time` or later. */
function firstBehind(runs: readonly Session[], time: number): number {
  // Records come more or less in the order of their times.
  if (runs.at(-1)![0] < time) return runs.length
  let low = 0
  let high = runs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (runs[middle]![0] < time) low = middle + 1
    else high = middle
  }
  return low
}
