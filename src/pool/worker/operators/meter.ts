import type { OperationSample } from './operation-sample.js'
import type { Rejects } from './rejects.js'

/** Stands for the record of a failure that belongs to none of them. */
export const NO_RECORD = { record: undefined } as const

/** The status and errors that a loop reports while it runs. */
export interface Meter {
  readonly status: Int32Array
  /** The operation that threw, once one has. */
  failedAt: string | undefined
  /** The record that the loop had read when an operation threw. */
  failedOn: { readonly record: unknown } | undefined
  /** Receives records whose function threw, from steps that drop them. */
  readonly rejects: Rejects
  /** Receives the figures of operations; undefined in most tasks. */
  readonly sample: OperationSample | undefined
}
