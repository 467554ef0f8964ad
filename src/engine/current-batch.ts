import { AsyncLocalStorage } from 'node:async_hooks'

/** A batch that runs. */
export interface RunningBatch {
  readonly time: number
  /** The id of the output operation that runs. */
  output?: number
}

/** The batch whose output operation calls an action: the action's jobs carry the batch's time. */
export const currentBatch = new AsyncLocalStorage<RunningBatch>()

/**
 * The signals that cancel the jobs of actions: that of the batch whose output calls them, and those of `withSignal`,
 * whose calls may be nested.
 */
export const currentSignals = new AsyncLocalStorage<readonly AbortSignal[]>()
