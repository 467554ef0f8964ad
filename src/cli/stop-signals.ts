import type { EventEmitter } from 'node:events'

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface StopSignalOptions {
  /** Called at the first signal, to stop gracefully. */
  readonly first: (signal: StopSignal) => void
  /** Called at the next signal, to stop at once. */
  readonly second: (signal: StopSignal) => void
  readonly source?: Pick<EventEmitter, 'on' | 'off'>
  /** Returns milliseconds of a monotonic clock. */
  readonly now?: () => number
}

/**
 * npm and npx forward a Ctrl-C to the command, although the terminal has sent it already. A second signal within this
 * time is the same request.
 */
const SAME_REQUEST_MS = 500

/** Exit codes of processes that a signal ended, as shells define them. */
export const SIGNAL_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Handles signals that request a stop. Returns a function that removes the handlers. */
export function onStopSignals({
  first,
  second,
  source = process,
  now = () => performance.now(),
}: StopSignalOptions): () => void {
  let firstAt: number | undefined
  const listener = (signal: StopSignal): void => {
    if (firstAt === undefined) {
      firstAt = now()
      first(signal)
    } else if (now() - firstAt >= SAME_REQUEST_MS) {
      second(signal)
    }
  }
  const signals = Object.keys(SIGNAL_EXIT_CODES)
  for (const signal of signals) source.on(signal, listener)
  return () => {
    for (const signal of signals) source.off(signal, listener)
  }
}
