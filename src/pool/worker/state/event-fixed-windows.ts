import type { FixedWindows, VersionWatermarks } from '../../../ops/plan.js'
import { KeyedMap } from '../../../values/keys.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import { isLate, type PanePart, panesOf } from './event-panes.js'
import type { EmitWindow } from './event-window.js'
import type { VersionInput } from './make-version.js'
import type { Pairs } from './pairs.js'
import type { StatePartition } from './store.js'

/** The state of a key: its panes by start. */
type Pane = readonly [start: number, accumulator: unknown]

export function makeFixedWindows(window: FixedWindows, lateness: number, { merge, together }: Aggregation) {
  const { size, slide, offset } = window
  const { endOf } = panesOf(window)
  /** Returns whether a window ends in (before, now]. */
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
    const fresh = panesByKey(pairs!, late, merge)
    for (const [key, added] of fresh.entries())
      changes.set(key, merged(entries.get(key) as readonly Pane[] | undefined, added, merge))
    const due = passes(before, now)
    const expires = passes(before - lateness, now - lateness)
    // If no window ends, only windows that accept late records can have changed.
    const looked = due || expires ? entries : fresh
    for (const key of [...looked.entries()].map(([key]) => key)) {
      const panes = entries.get(key) as readonly Pane[]
      for (const start of startsToEmit(panes, fresh.get(key), window, lateness, watermarks!)) {
        const parts = panes.filter(([pane]) => pane >= start && pane < start + size)
        emit(start, start + size, key, together(parts.map(([, accumulator]) => accumulator)))
      }
      if (!expires) continue
      const kept = panes.filter(([start]) => endOf(start) + lateness > now)
      if (kept.length === 0) changes.delete(key)
      else if (kept.length < panes.length) changes.set(key, kept)
    }
  }
}

type Merge = Aggregation['merge']

/** Groups the batch's panes by key. Appends records that came too late to `late`. */
function panesByKey(pairs: Pairs, late: unknown[], merge: Merge): KeyedMap<Map<number, unknown>> {
  const fresh = new KeyedMap<Map<number, unknown>>()
  for (const [key, given] of pairs) {
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
  return fresh
}

/** Returns a key's panes with those of the batch, by start. */
function merged(present: readonly Pane[] | undefined, added: ReadonlyMap<number, unknown>, merge: Merge): Pane[] {
  const panes = new Map(present)
  for (const [start, accumulator] of added)
    panes.set(start, panes.has(start) ? merge(panes.get(start), accumulator) : accumulator)
  return [...panes].sort(([a], [b]) => a - b)
}

/** Returns windows that the watermark passes now, and passed windows that late records have changed. */
function startsToEmit(
  panes: readonly Pane[],
  added: ReadonlyMap<number, unknown> | undefined,
  window: FixedWindows,
  lateness: number,
  { before, now }: VersionWatermarks,
): number[] {
  const { size, slide } = window
  const { lastStart } = panesOf(window)
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
