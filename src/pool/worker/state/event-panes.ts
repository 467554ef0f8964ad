import type { FixedWindows, Plan } from '../../../ops/plan.js'
import type { PlanCompiler, Source } from '../runtime/plan-compiler.js'
import { labelled } from '../runtime/task.js'
import { CombineTable } from '../tables/combine-table.js'
import type { Timed } from './event-window.js'

/**
 * Panes: parts of event time that no window's border cuts. A window consists of whole panes, so each record is added
 * once, however many windows it belongs to. All times of a pane become late together.
 *
 * ```text
 * size 3, slide 2      |-------------|      |-------------|
 *                 |-------------|----+--------|
 * panes           | 0  | 1  | 2  | 3 | 4  | 5 |     one ms each: the greatest common divisor
 * ```
 */
export interface Panes {
  /** Returns the start of the pane of a time. */
  of(time: number): number
  /** Returns the start of the last window of a time. */
  lastStart(time: number): number
  /** Returns the watermark from which a time is late, without allowed lateness. */
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

/** The map side's output for one key: a pane's accumulator, or a record that is too late. */
export type PanePart =
  | readonly [pane: number, accumulator: unknown]
  | readonly [time: number, value: unknown, late: true]

export function isLate(part: PanePart): part is readonly [time: number, value: unknown, late: true] {
  return part.length === 3
}

/** Compiles the map side of windows: a table of accumulators for each pane that is not too late. */
export function compilePanes(plan: Plan & { op: 'parts' }, window: FixedWindows, compiler: PlanCompiler): Source {
  const { input: number, allowedLateness, aggregator, label } = plan
  const runner = compiler.runner(plan.of)
  const combine = compiler.combiner(aggregator)
  const panes = panesOf(window)
  return (task, each) => {
    const input = task.inputs[number]!
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
