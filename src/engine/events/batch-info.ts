import type { EventTimeInfo } from '../../ops/dstream/event-time/info.js'

/** The input of one stream in one batch. */
export interface StreamInputInfo {
  readonly stream: number
  readonly name: string
  /**
   * Records that arrived for the batch. Known before the batch starts for a receiver or a queue; for files, undefined
   * until tasks have read all of them.
   */
  readonly records: number | undefined
  readonly bytes: number
  readonly description?: string
  /** Records that a pushStream with onFull 'drop' has dropped since the previous batch. */
  readonly dropped?: number
  /**
   * Records of a receiver or a queue that were skipped because they are not data. A `receiverError` reports each chunk
   * with such records.
   */
  readonly skipped?: number
  /** With `backpressure`: the new limit of the input, in records per second; undefined without a limit. */
  readonly rate?: number
}

/** One output operation of a batch. Times are in ms of the context's clock. */
export interface OutputInfo {
  readonly id: number
  readonly label: string
  readonly startedAt: number
  readonly endedAt: number
  readonly error?: Error
}

/** The state of one batch. Times are in ms of the context's clock; delays are in ms. */
export interface BatchInfo {
  readonly time: number
  readonly submittedAt: number
  readonly startedAt?: number
  readonly endedAt?: number
  /** How long the batch waited for its first job. */
  readonly schedulingDelay?: number
  readonly processingDelay?: number
  readonly totalDelay?: number
  /** Records of the inputs whose number is known: see StreamInputInfo. */
  readonly records: number
  /** Records that were dropped because their function threw (see onRecordError); known once the batch is complete. */
  readonly deadLetters?: number
  readonly inputs: readonly StreamInputInfo[]
  readonly outputs: readonly OutputInfo[]
  /** Watermarks and late records of event-time streams and operators; known once the batch is complete. */
  readonly eventTime?: readonly EventTimeInfo[]
}
