import { type Duration, toMillis } from '../time.js'
import type { Rdd } from './rdd.js'

/** What is known of an action's result when its time is over. */
export interface PartialResult<R> {
  /** From the partitions that were done in time. */
  readonly value: R
  /** Whether these were all of them: `value` is the result then. */
  readonly complete: boolean
  /** The result from all partitions, which go on being computed. Rejects if that fails. */
  final(): Promise<R>
}

/** The longest that setTimeout waits, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Computes something of each partition for at most `timeout`, each as a job of its own so that those that are done are
 * known. `evaluate` gets their results in the order of partitions, and what part of all partitions they are.
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
