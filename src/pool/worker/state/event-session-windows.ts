import { KeyedMap } from '../../../values/keys.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import { isRun, type Session, type SessionPart } from './event-session-parts.js'
import type { EmitWindow } from './event-window-operator.js'
import type { VersionInput } from './operators.js'
import type { StatePartition } from './store.js'

/** Parts that belong together, from the first record's time to the last one's. */
interface Run {
  readonly from: number
  to: number
  readonly parts: SessionPart[]
}

export function makeSessionWindows(gap: number, lateness: number, { first, add, merge }: Aggregation) {
  return (
    { entries }: StatePartition,
    changes: Changes,
    { groups: [pairs], watermarks, late }: VersionInput,
    emit: EmitWindow,
  ): void => {
    const { before, now } = watermarks!
    const fresh = new KeyedMap<SessionPart[]>()
    for (const [key, part] of pairs!) {
      const parts = fresh.get(key)
      if (parts) parts.push(part as SessionPart)
      else fresh.set(key, [part as SessionPart])
    }
    const touched = new KeyedMap<Set<Session>>()
    for (const [key, parts] of fresh.entries()) {
      let sessions = (entries.get(key) ?? []) as readonly Session[]
      const changed = new Set<Session>()
      for (const { from, to, parts: run } of runsOf(parts)) {
        const met = sessions.filter(([start, last]) => start < to + gap && from < last + gap)
        // Alone it is a session that is over and done with. What it meets is not, so then it is in time.
        if (met.length === 0 && to + gap + lateness <= before) {
          // Had a run of the map side been among them, they would be in time.
          for (const part of run) late.push([part[0], [key, part[1]]])
          continue
        }
        const joined = join(met, from, to, run)
        for (const session of met) changed.delete(session)
        changed.add(joined)
        sessions = [...sessions.filter((session) => !met.includes(session)), joined]
      }
      if (changed.size === 0) continue
      touched.set(key, changed)
      changes.set(
        key,
        [...sessions].sort(([a], [b]) => a - b),
      )
    }
    if (now === before && touched.size === 0) return
    const looked = now > before ? entries : touched
    for (const [key] of [...looked.entries()]) {
      const sessions = entries.get(key) as readonly Session[]
      const changed = touched.get(key)
      for (const session of sessions) {
        const [start, last, accumulator] = session
        const end = last + gap
        if (end <= now && (end > before || changed?.has(session))) emit(start, end, key, accumulator)
      }
      const kept = sessions.filter(([, last]) => last + gap + lateness > now)
      if (kept.length === 0) changes.delete(key)
      else if (kept.length < sessions.length) changes.set(key, kept)
    }
  }

  /** The parts in runs by time: lateness must not depend on the order in which records of a batch come. */
  function runsOf(parts: readonly SessionPart[]): Run[] {
    const runs: Run[] = []
    for (const part of [...parts].sort(([a], [b]) => a - b)) {
      const from = part[0]
      const to = isRun(part) ? part[1] : from
      const run = runs.at(-1)
      if (run && from < run.to + gap) {
        run.parts.push(part)
        run.to = Math.max(run.to, to)
      } else runs.push({ from, to, parts: [part] })
    }
    return runs
  }

  function join(met: readonly Session[], from: number, to: number, [one, ...more]: readonly SessionPart[]): Session {
    let accumulator = isRun(one!) ? one[2] : first(one![1])
    for (const part of more) accumulator = isRun(part) ? merge(accumulator, part[2]) : add(accumulator, part[1])
    const [earliest, ...others] = met
    if (earliest) accumulator = merge(earliest[2], accumulator)
    for (const session of others) accumulator = merge(accumulator, session[2])
    return [Math.min(from, ...met.map(([start]) => start)), Math.max(to, ...met.map(([, last]) => last)), accumulator]
  }
}
