import { ManualClock, type OutputBatch, StreamingContext, type StreamingOptions } from 'millrace'

/** Small seeded random numbers in [0, 1): a failing seed repeats the run. */
export function random(seed: number): () => number {
  let s = seed >>> 0 || 1
  return () => {
    s ^= s << 13
    s >>>= 0
    s ^= s >>> 17
    s ^= s << 5
    s >>>= 0
    return s / 4294967296
  }
}

/** A streaming context under a manual clock, with a log that tests can read. */
export function manual(options: Partial<StreamingOptions> = {}): {
  ssc: StreamingContext
  clock: ManualClock
  log: string[]
} {
  const clock = new ManualClock(0)
  const log: string[] = []
  const note = (level: string) => (message: string) => log.push(`${level}: ${message}`)
  const logger = { debug: () => {}, info: () => {}, warn: note('warn'), error: note('error') }
  return { ssc: new StreamingContext({ batchInterval: 1000, threads: 2, clock, logger, ...options }), clock, log }
}

/** Runs batches one after the other; `before` is called ahead of each with its number from 0. */
export async function run(
  ssc: StreamingContext,
  batches: number,
  before: (batch: number) => void | Promise<void> = () => {},
): Promise<void> {
  const clock = ssc.clock as ManualClock
  for (let batch = 0; batch < batches; batch++) {
    await before(batch)
    await clock.advance(ssc.batchInterval)
    await ssc.awaitIdle()
  }
}

/** All batches of a named output; to be called before the context stops, awaited after. */
export async function gather<T>(ssc: StreamingContext, name: string): Promise<OutputBatch<T>[]> {
  const batches: OutputBatch<T>[] = []
  for await (const batch of ssc.output<T>(name)) batches.push(batch)
  return batches
}

/** For `map`: never ends in a thread that was given no number below 100 before. */
export function needsPractice(n: number): number {
  const memory = globalThis as { practised?: boolean }
  if (n < 100) memory.practised = true
  while (!memory.practised);
  return n
}

/** Returns pairs or values as sorted text, to compare data whose order is unspecified. */
export function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => JSON.stringify(record)).sort()
}

export function countOf(values: Iterable<string>): [string, number][] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
}
