import { delay } from '../ops/wait.js'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

export interface RetryPolicy {
  readonly signal: AbortSignal
  /** How long an attempt is repeated while a service restarts. */
  readonly retryMs: number
  /** Whether another attempt cannot succeed either. */
  isFinal(error: unknown): boolean
}

/** Runs an attempt again, after growing pauses and for at most `retryMs`, until it succeeds or its error is final. */
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
