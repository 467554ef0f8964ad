import { KeyedMap } from '../../../ops/keys.js'
import type { Aggregation } from './aggregation.js'
import type { Changes } from './changes.js'
import type { EmitWindow, Timed } from './event-window-operator.js'
import type { VersionInput } from './operators.js'
import type { StatePartition } from './store.js'

/** A run of records with less than the gap between neighbours; it ends a gap after its last one. */
type Session = readonly [first: number, last: number, accumulator: unknown]

export function makeSessionWindows(gap: number, lateness: number, { first, add, merge }: Aggregation) {
  return (
    { entries }: StatePartition,
    changes: Changes,
    { groups: [pairs], watermarks, late }: VersionInput,
    emit: EmitWindow,
  ): void => {
    const { before, now } = watermarks!
    const fresh = new KeyedMap<Timed[]>()
    for (const [key, timed] of pairs!) {
      const records = fresh.get(key)
      if (records) records.push(timed as Timed)
      else fresh.set(key, [timed as Timed])
    }
    const touched = new KeyedMap<Set<Session>>()
    for (const [key, records] of fresh.entries()) {
      let sessions = (entries.get(key) ?? []) as readonly Session[]
      const changed = new Set<Session>()
      for (const run of runsOf(records)) {
        const from = run[0]![0]
        const to = run.at(-1)![0]
        const met = sessions.filter(([start, last]) => start < to + gap && from < last + gap)
        // Alone it is a session that is over and done with. What it meets is not, so then it is in time.
        if (met.length === 0 && to + gap + lateness <= before) {
          for (const [time, value] of run) late.push([time, [key, value]])
          continue
        }
        const joined = join(met, run)
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

  /** The records in runs by time: lateness must not depend on the order in which records of a batch come. */
  function runsOf(records: readonly Timed[]): Timed[][] {
    const runs: Timed[][] = []
    for (const record of [...records].sort(([a], [b]) => a - b)) {
      const run = runs.at(-1)
      if (run && record[0] < run.at(-1)![0] + gap) run.push(record)
      else runs.push([record])
    }
    return runs
  }

  function join(met: readonly Session[], run: readonly Timed[]): Session {
    const [one, ...more] = run
    let accumulator = more.reduce((sum, [, value]) => add(sum, value), first(one![1]))
    const [earliest, ...others] = met
    if (earliest) accumulator = merge(earliest[2], accumulator)
    for (const session of others) accumulator = merge(accumulator, session[2])
    return [
      Math.min(run[0]![0], ...met.map(([start]) => start)),
      Math.max(run.at(-1)![0], ...met.map(([, last]) => last)),
      accumulator,
    ]
  }
}
