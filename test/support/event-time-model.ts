/** Event time without batches of state, threads or panes: everything is kept and looked at again in each batch. */

export type Event = readonly [key: string, time: number]
export type Batches = readonly (readonly Event[])[]

export interface Shape {
  readonly size: number
  readonly slide: number
  readonly lateness: number
}

/** The watermark of each batch: the greatest time of the batches before, less the bound. */
export function watermarks(batches: Batches, bound: number): number[] {
  let latest = Number.NEGATIVE_INFINITY
  return batches.map((batch) => {
    const mark = latest - bound
    latest = Math.max(latest, ...batch.map(([, time]) => time))
    return mark
  })
}

/** What a batch gives: results as `key start end count`, and late records. */
export interface Given {
  readonly results: string[]
  readonly late: Event[]
}

export function fixedCounts(batches: Batches, marks: readonly number[], { size, slide, lateness }: Shape): Given[] {
  const counts = new Map<string, number>()
  return batches.map((batch, i) => {
    const before = marks[i - 1] ?? Number.NEGATIVE_INFINITY
    const now = marks[i]!
    const late: Event[] = []
    const touched = new Set<string>()
    for (const [key, time] of batch) {
      const starts: number[] = []
      for (let start = Math.floor(time / slide) * slide; start > time - size; start -= slide) starts.push(start)
      const open = starts.filter((start) => start + size + lateness > before)
      if (open.length === 0) late.push([key, time])
      for (const start of open) {
        const name = `${key} ${start} ${start + size}`
        counts.set(name, (counts.get(name) ?? 0) + 1)
        touched.add(name)
      }
    }
    const results = [...counts].flatMap(([name, count]) => {
      const end = Number(name.split(' ')[2])
      return end <= now && (end > before || touched.has(name)) ? [`${name} ${count}`] : []
    })
    return { results: results.sort(), late: late.sort() }
  })
}

/** `show` makes the text of a session's times; without it, their number. */
export function sessionResults(
  batches: Batches,
  marks: readonly number[],
  gap: number,
  lateness: number,
  show: (times: readonly number[]) => unknown = (times) => times.length,
): Given[] {
  const kept = new Map<string, { time: number; fresh: boolean }[]>()
  return batches.map((batch, i) => {
    const before = marks[i - 1] ?? Number.NEGATIVE_INFINITY
    const now = marks[i]!
    const late: Event[] = []
    const results: string[] = []
    for (const [key, time] of batch) {
      if (!kept.has(key)) kept.set(key, [])
      kept.get(key)!.push({ time, fresh: true })
    }
    for (const [key, records] of kept) {
      records.sort((a, b) => a.time - b.time)
      const runs: (typeof records)[] = []
      for (const record of records) {
        if (record.time - (runs.at(-1)?.at(-1)?.time ?? Number.NEGATIVE_INFINITY) < gap) runs.at(-1)!.push(record)
        else runs.push([record])
      }
      const left: typeof records = []
      for (const run of runs) {
        const end = run.at(-1)!.time + gap
        if (run.every(({ fresh }) => fresh) && end + lateness <= before) {
          for (const { time } of run) late.push([key, time])
          continue
        }
        if (end <= now && (end > before || run.some(({ fresh }) => fresh)))
          results.push(`${key} ${run[0]!.time} ${end} ${show(run.map(({ time }) => time))}`)
        if (end + lateness > now) left.push(...run.map(({ time }) => ({ time, fresh: false })))
      }
      kept.set(key, left)
    }
    return { results: results.sort(), late: late.sort() }
  })
}

/** The full outer join: `key left right` with `-` for the missing side. Nothing is ever let go. */
export function joined(left: Batches, right: Batches, bound: number, lower: number, upper: number): Given[] {
  const marksLeft = watermarks(left, bound)
  const marksRight = watermarks(right, bound)
  const marks = marksLeft.map((mark, i) => Math.min(mark, marksRight[i]!))
  const lefts: { key: string; time: number; alone: boolean }[] = []
  const rights: typeof lefts = []
  return left.map((batch, i) => {
    const before = marks[i - 1] ?? Number.NEGATIVE_INFINITY
    const now = marks[i]!
    const late: Event[] = []
    const results: string[] = []
    const arrived = (events: readonly Event[]) =>
      events.flatMap(([key, time]) => {
        if (time >= before) return [{ key, time, alone: true }]
        late.push([key, time])
        return []
      })
    const newLeft = arrived(batch)
    const newRight = arrived(right[i]!)
    const meet = (a: typeof lefts, b: typeof lefts) => {
      for (const l of a) {
        for (const r of b) {
          if (l.key !== r.key || r.time - l.time < lower || r.time - l.time > upper) continue
          l.alone = false
          r.alone = false
          results.push(`${l.key} ${l.time} ${r.time}`)
        }
      }
    }
    meet(newLeft, [...rights, ...newRight])
    meet(lefts, newRight)
    lefts.push(...newLeft)
    rights.push(...newRight)
    for (const l of lefts) {
      if (!l.alone || l.time + upper >= now) continue
      results.push(`${l.key} ${l.time} -`)
      l.alone = false
    }
    for (const r of rights) {
      if (!r.alone || r.time - lower >= now) continue
      results.push(`${r.key} - ${r.time}`)
      r.alone = false
    }
    return { results: results.sort(), late: late.sort() }
  })
}
