import { EVENT_WINDOW_MS, INTERVAL_MS, lineOf, type Row, WINDOW } from './pipelines.js'

/**
 * Compares what the sinks hold with an oracle. Which records a batch has follows the clock and is read from the output
 * `plain`; everything else follows from that. Returns the differences. `isRepeated`: lines that the sender sent again, which may
 * be there more than once.
 */
export function differences(
  rows: readonly Row[],
  serials: number,
  isRepeated: (serial: number) => boolean = () => false,
): string[] {
  const of = (output: string) => rows.filter((row) => row.output === output)
  const plain = of('plain')
  const batches = wordsByBatch(
    plain,
    rows.map(({ batch }) => batch),
  )
  const faults = lineFaults(plain, serials, isRepeated)
  for (const [output, expected] of Object.entries(expectedOf(batches))) {
    const shown = of(output).map(({ batch, key, value }) => `${batch} ${key} ${value}`)
    faults.push(...compare(output, shown, expected))
  }
  // A line that came twice is in two event windows.
  const mayRepeat = Array.from({ length: serials }, (_, serial) => serial).some(isRepeated)
  return [...faults, ...(mayRepeat ? [] : eventFaults(of('events'), serials))]
}

/** Each line is there once; one that was sent again is there at least once. */
function lineFaults(plain: readonly Row[], serials: number, isRepeated: (serial: number) => boolean): string[] {
  const seen = new Set<number>()
  const once = plain.filter(({ value }) => !(isRepeated(value) && seen.has(value)) && seen.add(value))
  return compare(
    'plain',
    once.map(({ key, value }) => `${key} ${value}`),
    Array.from({ length: serials }, (_, serial) => `${lineOf(serial)} ${serial}`),
  )
}

/** The words of every batch from the first to the last of `times`, in order. */
function wordsByBatch(plain: readonly Row[], times: readonly number[]): Map<number, string[]> {
  const batches = new Map<number, string[]>()
  const [first, last] = [Math.min(...times), Math.max(...times)]
  for (let time = first; time <= last; time += INTERVAL_MS) batches.set(time, [])
  for (const { batch, key } of plain) batches.get(batch)!.push(key.split(' ')[1]!)
  return batches
}

function expectedOf(batches: ReadonlyMap<number, readonly string[]>): Record<string, string[]> {
  const expected: Record<string, string[]> = { counts: [], window: [], inverse: [], totals: [], running: [] }
  const totals = new Map<string, number>()
  for (const [time, words] of batches) {
    const shown = (counts: ReadonlyMap<string, number>) => [...counts].map(([key, n]) => `${time} ${key} ${n}`)
    const recent = Array.from({ length: WINDOW }, (_, i) => batches.get(time - i * INTERVAL_MS) ?? []).flat()
    expected.counts!.push(...shown(count(words)))
    expected.window!.push(...shown(count(recent)))
    expected.inverse!.push(...shown(count(recent)))
    for (const word of words) {
      totals.set(word, (totals.get(word) ?? 0) + 1)
      expected.running!.push(`${time} ${word} ${totals.get(word)}`)
    }
    expected.totals!.push(...shown(totals))
  }
  return expected
}

function count(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/** Event windows come once, complete, and in one row from the first; the last ones are still open. */
function eventFaults(rows: readonly Row[], serials: number): string[] {
  const windows = new Map<string, number>()
  for (let serial = 0; serial < serials; serial++) {
    const [, word, at] = lineOf(serial).split(' ')
    const start = Math.floor(Number(at) / EVENT_WINDOW_MS) * EVENT_WINDOW_MS
    windows.set(`${start} ${word}`, (windows.get(`${start} ${word}`) ?? 0) + 1)
  }
  const last = Math.max(-1, ...rows.map(({ key }) => Number(key.split(' ')[0])))
  const expected = [...windows].filter(([key]) => Number(key.split(' ')[0]) <= last)
  return compare(
    'events',
    rows.map(({ key, value }) => `${key} ${value}`),
    expected.map(([key, n]) => `${key} ${n}`),
  )
}

/** Compares two bags of texts. */
function compare(output: string, shown: readonly string[], expected: readonly string[]): string[] {
  const left = count(expected)
  const faults: string[] = []
  for (const text of shown) {
    const n = left.get(text) ?? 0
    if (n === 0) faults.push(`${output}: '${text}' is wrong or doubled`)
    left.set(text, n - 1)
  }
  for (const [text, n] of left) if (n > 0) faults.push(`${output}: '${text}' is missing`)
  return faults
}
