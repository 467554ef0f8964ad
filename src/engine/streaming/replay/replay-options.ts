import { ArgumentError } from '../../../errors.js'
import { checkNames } from '../../../ops/option-names.js'
import { describe } from '../../../values/describe.js'

export interface ReplayOptions {
  /** The batch time in ms. */
  readonly batch: number
  /** Whether `foreachRDD` and `print` of the batch run (false). Sinks and named outputs never do. */
  readonly outputs?: boolean
  /** The most records of each output to return (10). */
  readonly limit?: number
}

/** An output operation of a batch that was run again. */
export interface ReplayedOutput {
  readonly label: string
  /** As in the third argument of `foreachRDD`. */
  readonly outputId: string
  /** `'same'`: it has the records that it had; `'different'`; `'unknown'`: no digest was recorded. */
  readonly result: 'same' | 'different' | 'unknown'
  /** The number of records, a colon, and a hash in which their order does not count. */
  readonly digest: string | undefined
  /** That of the first run. */
  readonly recorded: string | undefined
  /** The first records. */
  readonly records: readonly unknown[]
}

/** A batch that was run again. */
export interface ReplayedBatch {
  readonly time: number
  /** The batch of the checkpoint from which the replay began. */
  readonly checkpointTime: number
  /** The batches that ran, with this one. */
  readonly batches: number
  readonly inputs: readonly { readonly name: string; readonly records: number | undefined }[]
  readonly outputs: readonly ReplayedOutput[]
}

/** Checks the options of replay(). @throws ArgumentError for an invalid option. */
export function checkReplayOptions(options: ReplayOptions): Required<ReplayOptions> {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`replay() got ${describe(options)}; it takes options such as { batch: 1700000000000 }.`)
  checkNames(options, ['batch', 'outputs', 'limit'], 'replay()')
  const { batch, outputs = false, limit = 10 } = options
  if (!Number.isSafeInteger(batch) || batch < 0)
    throw new ArgumentError(`replay(): batch is ${describe(batch)}; it must be a batch time in ms.`, { batch })
  if (typeof outputs !== 'boolean')
    throw new ArgumentError(`replay(): outputs is ${describe(outputs)}; it must be true or false.`, { outputs })
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new ArgumentError(`replay(): limit is ${describe(limit)}; it must be a number of records.`, { limit })
  return { batch, outputs, limit }
}
