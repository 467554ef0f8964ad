import type { Context } from 'millrace'
import { expect, test } from 'vitest'
import { expectBag } from './compare.js'
import { eachThreads } from './contexts.js'

/** One row of an operator's table: what is asked of a context, and the answer. */
export interface Case {
  readonly name: string
  readonly run: (ctx: Context) => Promise<unknown>
  readonly expected: unknown
  /** The answer is a multiset: its order is an accident of hashing. */
  readonly bag?: boolean
}

/** Runs every row with every thread count. */
export function table(rows: readonly Case[]): void {
  eachThreads((ctx) => {
    for (const { name, run, expected, bag } of rows) {
      test(name, async () => {
        const actual = await run(ctx)
        if (bag) expectBag(actual as unknown[], expected as unknown[])
        else expect(actual).toStrictEqual(expected)
      })
    }
  })
}
