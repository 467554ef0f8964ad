import type { FixedWindows, Plan } from '../../../ops/plan.js'
import { CombineTable } from '../combine-table.js'
import type { PlanCompiler, Source } from '../plans.js'
import { labelled } from '../task.js'
import type { Timed } from './event-window-operator.js'

/**
 * Parts of event time that no window's border cuts; a window is made of whole panes, so each record is added once, however
 * many windows it belongs to. All times of a pane are late together.
 *
 * ```text
 * size 3, slide 2      |-------------|      |-------------|
 *                 |-------------|----+--------|
 * panes           | 0  | 1  | 2  | 3 | 4  | 5 |     one ms each: the greatest common divisor
 * ```
 */
export interface Panes {
  /** The start of the pane that a time is in. */
  of(time: number): number
  /** The start of the last window that holds a time. */
  lastStart(time: number): number
  /** When nothing can be added to a time any more, but for lateness. */
  endOf(time: number): number
}

export function panesOf({ size, slide, offset }: FixedWindows): Panes {
  const length = commonDivisor(size, slide)
  const lastStart = (time: number) => Math.floor((time - offset) / slide) * slide + offset
  return {
    of: (time) => Math.floor((time - offset) / length) * length + offset,
    lastStart,
    endOf: (time) => lastStart(time) + size,
  }
}

/** What the map side makes of one key: a pane's accumulator, or a record that is too late. */
export type PanePart =
  | readonly [pane: number, accumulator: unknown]
  | readonly [time: number, value: unknown, late: true]

export function isLate(part: PanePart): part is readonly [time: number, value: unknown, late: true] {
  return part.length === 3
}

/** The map side of windows: a table of accumulators for each pane that is not too late. */
export function compilePanes(plan: Plan & { op: 'parts' }, window: FixedWindows, compiler: PlanCompiler): Source {
  const { slot, allowedLateness, aggregator, label } = plan
  const runner = compiler.runner(plan.of)
  const combine = compiler.combiner(aggregator)
  const panes = panesOf(window)
  return (task, each) => {
    const input = task.inputs[slot]!
    if (input.in !== 'watermark') throw new TypeError(`Panes are made by a watermark input, not ${input.in}.`)
    const { before } = input
    const tables = new Map<number, CombineTable | 'late'>()
    const parts: [key: unknown, part: PanePart][] = []
    labelled(task, label, () =>
      runner(task, (record) => {
        const [key, [time, value]] = record as readonly [unknown, Timed]
        const pane = panes.of(time)
        let table = tables.get(pane)
        if (!table) {
          table = panes.endOf(pane) + allowedLateness <= before ? 'late' : new CombineTable()
          tables.set(pane, table)
        }
        if (table === 'late') parts.push([key, [time, value, true]])
        else combine(table, key, value)
      }),
    )
    for (const [pane, table] of tables) {
      if (table === 'late') continue
      const { keys, values } = labelled(task, label, () => table.take())
      keys.forEach((key, i) => parts.push([key, [pane, values[i]]]))
    }
    each(parts)
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
