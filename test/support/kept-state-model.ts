import { type Event, fixedCounts, joined, sessionResults, watermarks } from './event-time-model.js'

/** A batch that was not skipped. */
export interface GoodBatch {
  /** In seconds. */
  readonly time: number
  readonly events: readonly Event[]
}

/** What each operator of the pipeline below gives in a batch, as sorted texts. */
export type Given = Readonly<Record<string, readonly string[]>>

export const OUT_OF_ORDER = 300
export const IDLE_AFTER = 2
export const SCAN_EVERY = 4

/** Every operator that keeps state, in every batch, by maps and lists of all that has ever come. */
export function everyBatch(batches: readonly GoodBatch[]): Given[] {
  const all = batches.map(({ events }) => events)
  const marks = watermarks(all, OUT_OF_ORDER)
  const shape = { size: 1000, slide: 1000, lateness: 0 }
  const tumbling = fixedCounts(all, marks, shape)
  const sliding = fixedCounts(all, marks, { ...shape, size: 2000 })
  const sessions = sessionResults(all, marks, 400, 0)
  const pairs = joined(
    all,
    all.map((events) => events.map(([key, time]): Event => [key, time + 100])),
    OUT_OF_ORDER,
    -200,
    200,
  )
  const totals = new Map<string, number>()
  const visited = new Map<string, { sum: number; time: number }>()
  const inverse = new Set<string>()
  return batches.map(({ time, events }, i) => {
    const visits: string[] = []
    for (const [key] of events) {
      totals.set(key, (totals.get(key) ?? 0) + 1)
      inverse.add(key)
      const sum = (visited.get(key)?.sum ?? 0) + 1
      visited.set(key, { sum, time })
      visits.push(`${key} ${sum}`)
    }
    for (const [key, { sum, time: last }] of time % SCAN_EVERY === 0 ? [...visited] : []) {
      if (last >= time - IDLE_AFTER) continue
      visits.push(`${key} idle ${sum}`)
      visited.delete(key)
    }
    const within = (seconds: number) =>
      batches.slice(0, i + 1).flatMap((batch) => (batch.time > time - seconds ? batch.events : []))
    const counts = new Map<string, number>()
    for (const [key] of within(4)) counts.set(key, (counts.get(key) ?? 0) + 1)
    const any = batches.slice(0, i + 1).some((batch) => batch.events.length > 0)
    const totalTime = within(4).reduce((sum, [, at]) => sum + at, 0)
    const given = {
      update: texts(totals),
      updateTime: texts(totals),
      updateIterator: texts(totals),
      chained: texts(totals),
      visits,
      snapshots: [...visited].map(([key, { sum }]) => `${key} ${sum}`),
      inverseWindow: [...inverse].map((key) => `${key} ${counts.get(key) ?? 0}`),
      countByWindow: any ? [`${within(4).length}`] : [],
      countByValueAndWindow: texts(counts),
      reduceByWindow: any ? [`${totalTime}`] : [],
      tumbling: tumbling[i]!.results,
      sliding: sliding[i]!.results,
      sessions: sessions[i]!.results,
      joined: pairs[i]!.results,
    }
    return Object.fromEntries(Object.entries(given).map(([name, records]) => [name, [...records].sort()]))
  })
}

function texts(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([key, n]) => `${key} ${n}`)
}
