import { KeyedMap } from '../../../ops/keys.js'
import type { EventWindowOperator } from '../../../ops/plan.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import type { EmitWindow, Timed } from './event-window-operator.js'
import type { VersionInput } from './operators.js'
import type { StatePartition } from './store.js'

/**
 * A part of event time that no window's border cuts; a window is made of whole panes, so each record is added once,
 * however many windows it belongs to. A key's state is its panes by start:
 *
 * ```text
 * size 3, slide 2      |-------------|      |-------------|
 *                 |-------------|----+--------|
 * panes           | 0  | 1  | 2  | 3 | 4  | 5 |     one ms each: the greatest common divisor
 * ```
 */
type Pane = readonly [start: number, accumulator: unknown]

type Fixed = EventWindowOperator['window'] & { kind: 'fixed' }

export function makeFixedWindows(
  { size, slide, offset }: Fixed,
  lateness: number,
  { first, add, merge, together }: Aggregation,
) {
  const length = commonDivisor(size, slide)
  const paneOf = (time: number) => Math.floor((time - offset) / length) * length + offset
  /** The start of the last window that holds a time. */
  const lastStart = (time: number) => Math.floor((time - offset) / slide) * slide + offset
  /** When nothing can be added to a time any more, but for lateness. */
  const endOf = (time: number) => lastStart(time) + size
  /** Whether a window ends in (before, now]. */
  const passes = (before: number, now: number) => {
    const ended = (time: number) => Math.floor((time - offset - size) / slide)
    return ended(now) > ended(before)
  }

  return (
    { entries }: StatePartition,
    changes: Changes,
    { groups: [pairs], watermarks, late }: VersionInput,
    emit: EmitWindow,
  ): void => {
    const { before, now } = watermarks!
    const fresh = new KeyedMap<Map<number, unknown>>()
    for (const [key, timed] of pairs!) {
      const [time, value] = timed as Timed
      if (endOf(time) + lateness <= before) {
        late.push([time, [key, value]])
        continue
      }
      let panes = fresh.get(key)
      if (!panes) fresh.set(key, (panes = new Map()))
      const pane = paneOf(time)
      panes.set(pane, panes.has(pane) ? add(panes.get(pane), value) : first(value))
    }
    for (const [key, added] of fresh.entries()) {
      const panes = new Map(entries.get(key) as readonly Pane[] | undefined)
      for (const [start, accumulator] of added)
        panes.set(start, panes.has(start) ? merge(panes.get(start), accumulator) : accumulator)
      changes.set(key, [...panes].sort(([a], [b]) => a - b) satisfies Pane[])
    }
    const due = passes(before, now)
    const expires = passes(before - lateness, now - lateness)
    // Where no window ends, only windows that are open to late records can have changed.
    const looked =
      due || expires ? [...entries.entries()].map(([key]) => key) : [...fresh.entries()].map(([key]) => key)
    for (const key of looked) {
      const panes = entries.get(key) as readonly Pane[]
      for (const start of startsToEmit(panes, fresh.get(key))) {
        const parts = panes.filter(([pane]) => pane >= start && pane < start + size)
        emit(start, start + size, key, together(parts.map(([, accumulator]) => accumulator)))
      }
      if (!expires) continue
      const kept = panes.filter(([start]) => endOf(start) + lateness > now)
      if (kept.length === 0) changes.delete(key)
      else if (kept.length < panes.length) changes.set(key, kept)
    }

    /** Windows that the watermark passes now, and those passed before that late records have changed. */
    function startsToEmit(panes: readonly Pane[], added: Map<number, unknown> | undefined): number[] {
      const starts = new Set<number>()
      for (const [pane] of panes) {
        for (let start = lastStart(pane); start + size > pane; start -= slide) {
          const end = start + size
          if (end > now) continue
          if (end > before || (end + lateness > before && added?.has(pane))) starts.add(start)
        }
      }
      return [...starts].sort((a, b) => a - b)
    }
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
