import { KeyedMap } from '../../../values/keys.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import { isRun, type Session, type SessionPart } from './event-session-parts.js'
import type { EmitWindow } from './event-window.js'
import type { VersionInput } from './make-version.js'
import type { Pairs } from './pairs.js'
import type { StatePartition } from './store.js'

/** Parts that belong together, from the first record's time to the last one's. */
interface Run {
  readonly from: number
  to: number
  readonly parts: SessionPart[]
}

export function makeSessionWindows(gap: number, lateness: number, aggregation: Aggregation) {
  return (
    { entries }: StatePartition,
    changes: Changes,
    { groups: [pairs], watermarks, late }: VersionInput,
    emit: EmitWindow,
  ): void => {
    const { before, now } = watermarks!
    const touched = new KeyedMap<ReadonlySet<Session>>()
    for (const [key, parts] of partsByKey(pairs!).entries()) {
      const present = (entries.get(key) ?? []) as readonly Session[]
      const { sessions, changed, tooLate } = extended(present, runsOf(parts, gap), gap, before - lateness, aggregation)
      for (const [time, value] of tooLate) late.push([time, [key, value]])
      if (changed.size === 0) continue
      touched.set(key, changed)
      changes.set(key, sessions)
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
}

function partsByKey(pairs: Pairs): KeyedMap<SessionPart[]> {
  const fresh = new KeyedMap<SessionPart[]>()
  for (const [key, part] of pairs) {
    const parts = fresh.get(key)
    if (parts) parts.push(part as SessionPart)
    else fresh.set(key, [part as SessionPart])
  }
  return fresh
}

/** Groups the parts into runs by time, because lateness must not depend on the order of a batch's records. */
function runsOf(parts: readonly SessionPart[], gap: number): Run[] {
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

/**
 * Returns a key's sessions with the runs of the batch, by start. Sessions that end at or before `closed` accept no
 * records.
 */
function extended(
  present: readonly Session[],
  runs: readonly Run[],
  gap: number,
  closed: number,
  aggregation: Aggregation,
): { sessions: readonly Session[]; changed: ReadonlySet<Session>; tooLate: readonly SessionPart[] } {
  let sessions = present
  const changed = new Set<Session>()
  const tooLate: SessionPart[] = []
  for (const run of runs) {
    const met = sessions.filter(([start, last]) => start < run.to + gap && run.from < last + gap)
    // Alone it would be a closed session. If it touches a session, that session is open, so the record is in time.
    if (met.length === 0 && run.to + gap <= closed) {
      // If the map side's runs were among them, they would be in time.
      tooLate.push(...run.parts)
      continue
    }
    const joined = join(met, run, aggregation)
    for (const session of met) changed.delete(session)
    changed.add(joined)
    sessions = [...sessions.filter((session) => !met.includes(session)), joined]
  }
  return { sessions: [...sessions].sort(([a], [b]) => a - b), changed, tooLate }
}

function join(met: readonly Session[], { from, to, parts }: Run, { first, add, merge }: Aggregation): Session {
  const [one, ...more] = parts
  let accumulator = isRun(one!) ? one[2] : first(one![1])
  for (const part of more) accumulator = isRun(part) ? merge(accumulator, part[2]) : add(accumulator, part[1])
  const [earliest, ...others] = met
  if (earliest) accumulator = merge(earliest[2], accumulator)
  for (const session of others) accumulator = merge(accumulator, session[2])
  return [Math.min(from, ...met.map(([start]) => start)), Math.max(to, ...met.map(([, last]) => last)), accumulator]
}
