import type { BaseStream, DStream, StreamingContext } from 'millrace'
import { type InputBatches, type OutputBatch, type RunBatchesOptions, runBatches } from 'millrace/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectBag } from './compare.js'
import { THREADS } from './contexts.js'

/** One row of a stream operator's table: a pipeline, and the records of each batch by its time in seconds. */
export interface StreamCase<I extends readonly unknown[]> {
  readonly name: string
  readonly of?: (...streams: { [N in keyof I]: DStream<I[N]> }) => BaseStream<unknown>
  /** The same, for a pipeline that needs its context. */
  readonly in?: (ssc: StreamingContext, ...streams: { [N in keyof I]: DStream<I[N]> }) => BaseStream<unknown>
  /** The outputs in order; a batch without output has no entry. */
  readonly expected: readonly (readonly [second: number, records: readonly unknown[]])[]
  /** Compare lists, not multisets. */
  readonly ordered?: boolean
}

/** All rows over the same inputs in one run, once a thread count: the graph has one output for each row. */
export function streamTable<I extends readonly unknown[]>(
  title: string,
  inputs: { readonly [N in keyof I]: InputBatches<I[N]> },
  rows: readonly StreamCase<I>[],
  options: RunBatchesOptions = {},
): void {
  describe.each(THREADS)(`${title}, %i threads`, (threads) => {
    let outputs: Record<string, OutputBatch[]>
    beforeAll(async () => {
      outputs = await runBatches<I, Record<string, BaseStream<unknown>>>(
        (ssc, ...streams) =>
          Object.fromEntries(rows.map((row) => [row.name, row.of ? row.of(...streams) : row.in!(ssc, ...streams)])),
        inputs,
        { ...options, threads },
      )
    })
    test.each(rows)('$name', ({ name, expected, ordered }) => {
      const batches = outputs[name]!
      expect(batches.map(({ time }) => time / 1000)).toEqual(expected.map(([second]) => second))
      batches.forEach(({ records }, i) => {
        if (ordered) expect(records).toStrictEqual(expected[i]![1])
        else expectBag(records, expected[i]![1])
      })
    })
  })
}
