import type { Observation } from '../../plan.js'

/** What a stream or an operator knows of event time in a batch. */
export interface EventTimeInfo {
  readonly stream: number
  /** The operation and its number, as errors name it. */
  readonly name: string
  /** In ms, as the batch used it; undefined before the first record. */
  readonly watermark: number | undefined
  /** Of withTimestamps: the greatest event time in the batch. */
  readonly latest?: number
  /** Records of the batch that came too late for the operator. */
  readonly late: number
}

/** Streams that take part in event time: they are told what tasks saw, and tell what became of it. */
export interface EventTimeStream {
  observe(observation: Observation): void
  info(time: number): EventTimeInfo | undefined
}
