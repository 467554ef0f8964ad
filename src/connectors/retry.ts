import { delay } from '../ops/wait.js'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

export interface RetryPolicy {
  readonly signal: AbortSignal
  /** How long attempts are repeated, in ms: long enough for a service to restart. */
  readonly retryMs: number
  /** Returns whether another attempt would fail too. */
  isFinal(error: unknown): boolean
}

/**
 * Repeats an attempt until it succeeds, its error is final, or `retryMs` have passed. The pauses double, from 50 ms to
 * 1 s.
 */
export async function retried<T>({ signal, retryMs, isFinal }: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + retryMs
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (isFinal(error) || performance.now() + pause > until) throw error
    }
    await delay(pause, signal)
  }
}
