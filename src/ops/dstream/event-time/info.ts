import type { Observation } from '../../plan.js'

/** Watermark and late records of a stream or an operator in one batch. */
export interface EventTimeInfo {
  readonly stream: number
  /** The operation with the id of its stream, as in errors. */
  readonly name: string
  /** The watermark that the batch used, in ms; undefined before the first record. */
  readonly watermark: number | undefined
  /** The greatest event time in the batch; only for withTimestamps. */
  readonly latest?: number
  /** Records of the batch that came too late for the operator. */
  readonly late: number
}

/** Streams that take part in event time. */
export interface EventTimeStream {
  /** Records what a task has observed. */
  observe(observation: Observation): void
  /** Returns the event time of a batch, for the batch's events. */
  info(time: number): EventTimeInfo | undefined
}
