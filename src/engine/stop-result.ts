import { StateError } from '../errors.js'
import type { Duration } from '../ops/time.js'

const HARD_STOP_MS = 3_000
/** Ten batches of 20 ms are over before a loaded machine has stopped its receivers. */
const LEAST_GRACEFUL_MS = 5_000

/** How long a stop may take by default, in ms. */
export function defaultStopMs(graceful: boolean, batchInterval: number): number {
  return graceful ? Math.max(LEAST_GRACEFUL_MS, 10 * batchInterval) : HARD_STOP_MS
}

export interface StopOptions {
  /** Stop the receivers first and process all that they received. Default false. */
  readonly graceful?: boolean
  /** Also stop the batch context and its threads. Default true. */
  readonly stopContext?: boolean
  /**
   * How long receivers, batches and the last checkpoint may take to end before they are given up. Default: ten batch
   * intervals and at least 5 s with `graceful`, else 3 s.
   */
  readonly timeout?: Duration
}

export const STOP_OPTIONS = ['graceful', 'stopContext', 'timeout'] as const satisfies (keyof StopOptions)[]

/** What a stop gave up. */
export interface StopResult {
  /** False for a call from inside a batch, which does not wait for the end: see awaitTermination. */
  readonly ended: boolean
  /** Whether nothing was given up: every received record is processed, and everything that ran has ended. */
  readonly complete: boolean
  /** Times of the batches that were not processed, ascending. */
  readonly batchesGivenUp: readonly number[]
  /** Records in these batches and in receivers, as far as they are counted: lost, unless their sources can replay them. */
  readonly recordsGivenUp: number
  /** Names of the receivers and readers whose stop did not end in time. */
  readonly inputsNotStopped: readonly string[]
  /** Labels of the output operations that were still running. */
  readonly outputsNotEnded: readonly string[]
  /** Batches that nobody has read yet, by the name of the output. They can still be read. */
  readonly unread: Readonly<Record<string, number>>
  /** Whether a checkpoint or the release of its directory was still being written. */
  readonly checkpointNotWritten: boolean
}

export const NOTHING_GIVEN_UP: StopResult = {
  ended: true,
  complete: true,
  batchesGivenUp: [],
  recordsGivenUp: 0,
  inputsNotStopped: [],
  outputsNotEnded: [],
  unread: {},
  checkpointNotWritten: false,
}

/** Whether anything but unread batches was given up. */
export function isComplete(result: Omit<StopResult, 'complete'>): boolean {
  const { batchesGivenUp, recordsGivenUp, inputsNotStopped, outputsNotEnded, checkpointNotWritten } = result
  const waiting = batchesGivenUp.length + recordsGivenUp + inputsNotStopped.length + outputsNotEnded.length
  return waiting === 0 && !checkpointNotWritten
}

/** What was given up, as a sentence. */
export function describeGivenUp(result: StopResult): string {
  const { batchesGivenUp, recordsGivenUp, inputsNotStopped, outputsNotEnded, unread, checkpointNotWritten } = result
  const full = Object.entries(unread).map(([name, batches]) => `output('${name}') has ${batches} unread batches`)
  const parts = [
    batchesGivenUp.length > 0 && `batches not processed: ${batchesGivenUp.length} (${shortened(batchesGivenUp)} ms)`,
    recordsGivenUp > 0 && `received records not processed: ${recordsGivenUp}`,
    inputsNotStopped.length > 0 && `inputs that did not stop: ${inputsNotStopped.join(', ')}`,
    outputsNotEnded.length > 0 && `output operations that did not end: ${outputsNotEnded.join(', ')}`,
    ...(batchesGivenUp.length > 0 ? full : []),
    checkpointNotWritten && 'the last checkpoint was not written',
  ]
  return parts.filter(Boolean).join('; ')
}

/** The failure of a graceful stop that gave something up. `details` is the StopResult. */
export function gaveUp(result: StopResult, timeout: number | undefined): StateError {
  const when = timeout === undefined ? '' : ` after ${timeout} ms`
  const advice = timeout === undefined ? 'Start the context before it stops.' : 'Give a longer timeout.'
  return new StateError(`stop({ graceful: true }) gave up${when}: ${describeGivenUp(result)}. ${advice}`, {
    timeout,
    ...result,
  })
}

function shortened(times: readonly number[]): string {
  return times.length <= 3 ? times.join(', ') : `${times[0]} to ${times.at(-1)}`
}
