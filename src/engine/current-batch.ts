import { AsyncLocalStorage } from 'node:async_hooks'

/** A batch that runs. */
export interface RunningBatch {
  readonly time: number
  /** The id of the output operation that runs. */
  output?: number
}

/** The batch whose output operation calls an action: the action's jobs carry the batch's time. */
export const currentBatch = new AsyncLocalStorage<RunningBatch>()

/** The signal that cancels the jobs of actions called under `withSignal`. */
export const currentSignal = new AsyncLocalStorage<AbortSignal | undefined>()
