import { Context, type ContextOptions } from 'millrace'
import { afterAll, describe } from 'vitest'

export const THREADS = [1, 2] as const

/** Runs a suite once a thread count, each over one context that all its tests share. */
export function eachThreads(suite: (ctx: Context, threads: number) => void, options: ContextOptions = {}): void {
  for (const threads of THREADS) {
    describe(threads === 1 ? '1 thread' : `${threads} threads`, () => {
      const ctx = new Context({ spare: false, ...options, threads })
      afterAll(() => ctx.stop())
      suite(ctx, threads)
    })
  }
}
