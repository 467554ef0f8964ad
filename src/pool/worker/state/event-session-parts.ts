import type { Plan } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { labelled } from '../runtime/task.js'
import { type Aggregation, aggregationOf } from './aggregation.js'
import type { Timed } from './event-window.js'

/** A run of records whose neighbours are closer than the gap; it ends a gap after its last record. */
export type Session = readonly [first: number, last: number, accumulator: unknown]

/** The map side's output for one key: a run of records of its partition, or a record that may be too late. */
export type SessionPart = Session | Timed

export function isRun(part: SessionPart): part is Session {
  return part.length === 3
}

/**
 * Compiles the map side of sessions, which groups the records of a key into runs. A record that would be a closed
 * session by itself is sent alone: only the reduce side, which sees its whole session, knows whether it is late. A
 * record in time keeps all records that it touches in time.
 */
export function compileSessionParts(plan: Plan & { op: 'parts' }, gap: number, compiler: PlanCompiler): Source {
  const { input: number, allowedLateness, label } = plan
  const runner = compiler.runner(plan.of)
  const aggregation = aggregationOf(plan, compiler.services)
  return (task, each) => {
    const input = task.inputs[number]!
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

/**
 * Adds a record to the run that it meets, or as a new one. Runs, at least one, are in order and at least a gap apart.
 */
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
  // It may close the gap to the run before, and meets no earlier run.
  if (previous && previous[1] + gap > grown[0]) {
    runs.splice(after - 2, 2, [previous[0], grown[1], merge(previous[2], grown[2])])
  } else runs[after - 1] = grown
}

/** Returns the index of the first run that begins at `time` or later. */
function firstBehind(runs: readonly Session[], time: number): number {
  // Records arrive roughly in the order of their times.
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
