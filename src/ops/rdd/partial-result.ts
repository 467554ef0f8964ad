import { type Duration, toMillis } from '../time.js'
import type { Rdd } from './rdd.js'

/** An action's result as far as it is known at its timeout. */
export interface PartialResult<R> {
  /** The value from the partitions whose jobs ended in time. */
  readonly value: R
  /** Whether all partitions ended in time, so that `value` is the final result. */
  readonly complete: boolean
  /** Resolves with the result from all partitions; their jobs continue after the timeout. Rejects if one fails. */
  final(): Promise<R>
}

/** The longest delay of setTimeout, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Runs one job per partition, so that each result is known as soon as it is complete, and waits at most `timeout` for
 * them. `evaluate` receives the results in the order of partitions, and the fraction of the partitions that they cover.
 */
export async function partialResult<P, R>(
  rdd: Rdd<unknown>,
  options: {
    readonly timeout: Duration
    readonly label: string
    readonly run: (partitions: readonly number[]) => Promise<P[]>
    readonly evaluate: (done: readonly P[], part: number) => R
  },
): Promise<PartialResult<R>> {
  const { timeout, label, run, evaluate } = options
  const ms = toMillis(timeout, `The timeout of ${label}`)
  const { partitions } = rdd
  const done = new Map<number, P>()
  const value = () => {
    const inOrder = [...done].sort(([a], [b]) => a - b).map(([, result]) => result)
    return evaluate(inOrder, partitions === 0 ? 1 : inOrder.length / partitions)
  }
  const running = Promise.all(
    Array.from({ length: partitions }, async (_, p) => {
      const [result] = await run([p])
      done.set(p, result as P)
    }),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER))
  })
  try {
    await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
  return { value: value(), complete: done.size === partitions, final: () => running.then(value) }
}
