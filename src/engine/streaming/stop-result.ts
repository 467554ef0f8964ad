import { StateError } from '../../errors.js'
import type { Duration } from '../../ops/time.js'

const HARD_STOP_MS = 3_000
/**
 * Least default timeout of a graceful stop: ten batches of 20 ms would end before a loaded machine has stopped its
 * receivers.
 */
const LEAST_GRACEFUL_MS = 5_000

/** Returns the default timeout of a stop in ms. */
export function defaultStopMs(graceful: boolean, batchInterval: number): number {
  return graceful ? Math.max(LEAST_GRACEFUL_MS, 10 * batchInterval) : HARD_STOP_MS
}

export interface StopOptions {
  /** Whether to stop the receivers first and process everything that they have received (false). */
  readonly graceful?: boolean
  /** Whether to stop the batch context and its threads too (true). */
  readonly stopContext?: boolean
  /**
   * Time after which the stop abandons receivers, batches and the last checkpoint. Default: 3 s; with `graceful`, ten
   * batch intervals, but at least 5 s.
   */
  readonly timeout?: Duration
}

export const STOP_OPTIONS = ['graceful', 'stopContext', 'timeout'] as const satisfies (keyof StopOptions)[]

/** The work that a stop abandoned. */
export interface StopResult {
  /** False for a call from inside a batch, which does not wait for the end: see awaitTermination. */
  readonly ended: boolean
  /** Whether no work was abandoned: every received record is processed, and all running work has ended. */
  readonly complete: boolean
  /** Times of the batches that were not processed, ascending. */
  readonly batchesNotProcessed: readonly number[]
  /**
   * Counted records in these batches and in receivers. They are lost, unless their sources can replay them.
   */
  readonly recordsNotProcessed: number
  /** Names of the receivers and readers whose stop did not end in time. */
  readonly inputsNotStopped: readonly string[]
  /** Labels of the output operations that were still running. */
  readonly outputsNotEnded: readonly string[]
  /** The number of unread batches, by the name of the output. They can still be read. */
  readonly unread: Readonly<Record<string, number>>
  /** Whether a checkpoint was still being written, or its directory released. */
  readonly checkpointNotWritten: boolean
}

export const NOTHING_ABANDONED: StopResult = {
  ended: true,
  complete: true,
  batchesNotProcessed: [],
  recordsNotProcessed: 0,
  inputsNotStopped: [],
  outputsNotEnded: [],
  unread: {},
  checkpointNotWritten: false,
}

/** Returns whether the stop abandoned nothing except unread batches. */
export function isComplete(result: Omit<StopResult, 'complete'>): boolean {
  const { batchesNotProcessed, recordsNotProcessed, inputsNotStopped, outputsNotEnded, checkpointNotWritten } = result
  const waiting = batchesNotProcessed.length + recordsNotProcessed + inputsNotStopped.length + outputsNotEnded.length
  return waiting === 0 && !checkpointNotWritten
}

/** Describes the abandoned work, for logs and errors. */
export function describeAbandoned(result: StopResult): string {
  const { batchesNotProcessed, recordsNotProcessed, inputsNotStopped, outputsNotEnded, unread, checkpointNotWritten } =
    result
  const full = Object.entries(unread).map(([name, batches]) => `output('${name}') has ${batches} unread batches`)
  const parts = [
    batchesNotProcessed.length > 0 &&
      `batches not processed: ${batchesNotProcessed.length} (${shortened(batchesNotProcessed)} ms)`,
    recordsNotProcessed > 0 && `received records not processed: ${recordsNotProcessed}`,
    inputsNotStopped.length > 0 && `inputs that did not stop: ${inputsNotStopped.join(', ')}`,
    outputsNotEnded.length > 0 && `output operations that did not end: ${outputsNotEnded.join(', ')}`,
    ...(batchesNotProcessed.length > 0 ? full : []),
    checkpointNotWritten && 'the last checkpoint was not written',
  ]
  return parts.filter(Boolean).join('; ')
}

/** Returns the error of a graceful stop that abandoned work. Its `details` are the StopResult. */
export function abandonedWork(result: StopResult, timeout: number | undefined): StateError {
  const when = timeout === undefined ? '' : ` after ${timeout} ms`
  const advice = timeout === undefined ? 'Start the context before it stops.' : 'Use a longer timeout.'
  return new StateError(`stop({ graceful: true }) abandoned work${when}: ${describeAbandoned(result)}. ${advice}`, {
    timeout,
    ...result,
  })
}

function shortened(times: readonly number[]): string {
  return times.length <= 3 ? times.join(', ') : `${times[0]} to ${times.at(-1)}`
}
