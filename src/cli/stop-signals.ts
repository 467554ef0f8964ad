import type { EventEmitter } from 'node:events'

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface StopSignalOptions {
  /** The first signal: stop gracefully. */
  readonly first: (signal: StopSignal) => void
  /** Another one: stop at once. */
  readonly second: (signal: StopSignal) => void
  readonly source?: Pick<EventEmitter, 'on' | 'off'>
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/**
 * npm and npx pass on to the command a Ctrl-C that the terminal has sent to it already: what follows so soon is the
 * same request, not the impatience of somebody who has read that the command is about to stop.
 */
const SAME_REQUEST_MS = 500

/** Exit codes of a process that a signal ended, as shells count them. */
export const SIGNAL_EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Listens for requests to stop; answers with a function that ends it. */
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
