import type { EventEmitter } from 'node:events'

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface StopSignalOptions {
  /** Called at the first signal: stop gracefully. */
  readonly first: (signal: StopSignal) => void
  /** Called at the next signal: stop at once. */
  readonly second: (signal: StopSignal) => void
  readonly source?: Pick<EventEmitter, 'on' | 'off'>
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
}

/**
 * npm and npx forward to the command a Ctrl-C that the terminal has already sent to it. A second signal this soon is
 * the same request.
 */
const SAME_REQUEST_MS = 500

/** Exit codes of a process that a signal ended, as shells count them. */
export const SIGNAL_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Listens for requests to stop. Returns a function that removes the listeners. */
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
