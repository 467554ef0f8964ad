/*
 * Rows like those of stream-ops, for event time. The time of a record in ms is its number, which counts up: a batch of
 * `perBatch` records is as many ms long. The hand-written loops process records in the order of their times, and close
 * a window as the streams do: by the batches before.
 */
const BATCH_MS = 1000
const TUMBLING_MS = 10_000
const SLIDE_MS = 2000
const GAP_MS = 50

/** Windows by start, each with its accumulators by key; `close` returns those that end by the watermark. */
function windowed(size, slide) {
  const open = new Map()
  let watermark = Number.NEGATIVE_INFINITY
  return (pairs) => {
    let latest = watermark
    for (const [key, time] of pairs) {
      latest = Math.max(latest, time)
      for (let start = Math.floor(time / slide) * slide; start > time - size; start -= slide) {
        let counts = open.get(start)
        if (!counts) open.set(start, (counts = new Map()))
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
    }
    let given = 0
    for (const [start, counts] of open) {
      if (start + size > watermark) continue
      given += counts.size
      open.delete(start)
    }
    watermark = latest
    return given
  }
}

function sessions() {
  const open = new Map()
  let watermark = Number.NEGATIVE_INFINITY
  return (pairs) => {
    let latest = watermark
    const ended = []
    for (const [key, time] of pairs) {
      latest = Math.max(latest, time)
      const list = open.get(key) ?? []
      const last = list.at(-1)
      if (last && time < last.last + GAP_MS) {
        last.last = time
        last.count++
      } else {
        list.push({ first: time, last: time, count: 1 })
        open.set(key, list)
      }
    }
    for (const [key, list] of open) {
      const kept = list.filter((session) => session.last + GAP_MS > watermark)
      ended.push(...list.filter((session) => session.last + GAP_MS <= watermark))
      if (kept.length > 0) open.set(key, kept)
      else open.delete(key)
    }
    watermark = latest
    return ended.length
  }
}

const timed = (s) => s.withTimestamps(([, time]) => time)

export const eventTimeOps = [
  { name: 'withTimestamps', build: timed, plain: () => (pairs) => pairs.map((pair) => [pair[1], pair]).length },
  {
    name: 'tumbling countByKey',
    build: (s) => timed(s).tumbling(TUMBLING_MS).countByKey(),
    plain: () => windowed(TUMBLING_MS, TUMBLING_MS),
  },
  {
    name: 'sliding countByKey',
    build: (s) => timed(s).sliding(TUMBLING_MS, SLIDE_MS).countByKey(),
    plain: () => windowed(TUMBLING_MS, SLIDE_MS),
  },
  { name: 'session countByKey', build: (s) => timed(s).session(GAP_MS).countByKey(), plain: sessions },
  {
    name: 'joinWithin',
    build: (s) => {
      const events = timed(s)
      return events.joinWithin(
        events.filter(([, time]) => time % 10 === 0),
        { lower: 0, upper: 0 },
      )
    },
    plain: () => (pairs) => {
      const others = new Map()
      for (const [key, time] of pairs) if (time % 10 === 0) others.set(`${key} ${time}`, time)
      let n = 0
      for (const [key, time] of pairs) if (others.has(`${key} ${time}`)) n++
      return n
    },
  },
]
export { BATCH_MS }
