import type { FixedWindows } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import { isLate, type PanePart, panesOf } from './event-panes.js'
import type { EmitWindow } from './event-window-operator.js'
import type { VersionInput } from './operators.js'
import type { StatePartition } from './store.js'

/** A key's state is its panes by start. */
type Pane = readonly [start: number, accumulator: unknown]

export function makeFixedWindows(window: FixedWindows, lateness: number, { merge, together }: Aggregation) {
  const { size, slide, offset } = window
  const { lastStart, endOf } = panesOf(window)
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
    for (const [key, given] of pairs!) {
      const part = given as PanePart
      if (isLate(part)) {
        late.push([part[0], [key, part[1]]])
        continue
      }
      const [pane, accumulator] = part
      let panes = fresh.get(key)
      if (!panes) fresh.set(key, (panes = new Map()))
      panes.set(pane, panes.has(pane) ? merge(panes.get(pane), accumulator) : accumulator)
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
