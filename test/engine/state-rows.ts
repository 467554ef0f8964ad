import type { DStream, StreamingContext } from 'millrace'
import { runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { sorted } from './support.js'

export type Pairs = DStream<[string, number]>
export type Batches = (readonly [string, number][] | null)[]

/** A pipeline over pairs, and what comes of its batches. */
export interface Row {
  readonly name: string
  readonly input: Batches
  readonly stream: (pairs: Pairs, ssc: StreamingContext) => DStream<unknown>
  readonly expected: Record<string, string[]>
  readonly batches?: number
}

/** `a b b`: a pair with value 1 for each word; null: a batch without a dataset. */
export const words = (...batches: (string | null)[]): Batches =>
  batches.map((text) =>
    text === null
      ? null
      : text
          .split(' ')
          .filter(Boolean)
          .map((word) => [word, 1]),
  )

/** Batches of a stream by time, the records in an order of their own. */
export const table = (batches: readonly { time: number; records: readonly unknown[] }[]) =>
  Object.fromEntries(batches.map(({ time, records }) => [time, sorted(records)]))

/** The table of the batches at 1000, 2000, ... */
export const rows = (...batches: unknown[][]) => table(batches.map((records, i) => ({ time: (i + 1) * 1000, records })))

/** A test with one thread and one with two. */
export function eachThreads(name: string, check: (threads: number) => Promise<void>): void {
  test.each([1, 2])(`${name}, %i threads`, check)
}

export function runRow({ input, stream, batches }: Omit<Row, 'name' | 'expected'>, threads: number) {
  return runBatches((ssc, pairs) => stream(pairs as Pairs, ssc), [input as [string, number][][]], { threads, batches })
}

export function checkRows(cases: readonly Row[]): void {
  for (const row of cases) {
    eachThreads(row.name, async (threads) => expect(table(await runRow(row, threads))).toEqual(row.expected))
  }
}
