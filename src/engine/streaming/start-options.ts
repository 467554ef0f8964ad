import { ArgumentError } from '../../errors.js'
import type { InputNode } from '../../ops/dstream/node.js'
import { checkNames } from '../../ops/option-names.js'
import { describe } from '../../values/describe.js'

export interface StartOptions {
  /**
   * `'caught-up'`: batches run one after the other, regardless of the clock, until every source has reached the end
   * that it had at the start; then the streams stop as by `stop({ graceful: true })`. For sources that can be read
   * again (files, Kafka) and for queues. Default: batches follow the clock until `stop()`.
   */
  readonly until?: 'caught-up'
  /**
   * Whether to wait while another process has the checkpoint directory, and to take over when it dies or stops (false: reject).
   * Threads are ready and sources closed meanwhile; `stop()` ends the wait. Needs a checkpoint directory.
   */
  readonly standby?: boolean
  /**
   * `dropState` (none): uids of operations and sources whose data in the checkpoint is dropped, because this program has none
   * that continues it, or should restart without it. It drops at every start: remove it after the first.
   */
  readonly dropState?: readonly string[]
}

/** Names of the options of `start()`. */
export const START_OPTIONS = ['until', 'standby', 'dropState'] as const satisfies (keyof StartOptions)[]

/** Checks the options of start(). @throws ArgumentError for an invalid option. */
export function checkStartOptions(options: StartOptions): StartOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(`start() got ${describe(options)}; it takes options such as { until: 'caught-up' }.`)
  }
  checkNames(options, START_OPTIONS, 'start()')
  const { until, standby = false, dropState = [] } = options
  checkDropState(dropState)
  if (until !== undefined && until !== 'caught-up') {
    throw new ArgumentError(
      `until is ${describe(until)}; it must be 'caught-up', or left out to run until stop() is called.`,
      { until },
    )
  }
  if (typeof standby !== 'boolean') {
    throw new ArgumentError(
      `standby is ${describe(standby)}; it must be true, to wait for the checkpoint directory, or false.`,
      { standby },
    )
  }
  return options
}

/** Refuses to wait for a directory that is not set. @throws ArgumentError */
export function checkHasDirectory(directory: string | undefined): void {
  if (directory !== undefined) return
  throw new ArgumentError(
    'start({ standby: true }) got no checkpoint directory to wait for. Set checkpointDir, call checkpoint(directory), or leave standby out.',
  )
}

/** @throws ArgumentError unless it is a list of uids. */
export function checkDropState(dropState: readonly string[]): void {
  if (Array.isArray(dropState) && dropState.every((uid) => typeof uid === 'string')) return
  throw new ArgumentError(`dropState is ${describe(dropState)}; it must be a list of uids, such as ['totals'].`, {
    dropState,
  })
}

/** Refuses inputs that have no end to reach. @throws ArgumentError that names them */
export function checkHasEnd(inputs: readonly InputNode[]): void {
  const endless = inputs.filter(
    ({ source }) => source.kind === 'receiver' || (source.kind === 'local' && !source.atEnd),
  )
  if (endless.length === 0) return
  const names = endless.map(({ source: { name, kind } }) => `${name} (${kind})`)
  throw new ArgumentError(
    `start({ until: 'caught-up' }) got inputs that have no end: ${names.join(', ')}. Use it with files, Kafka, tables and queueStream; otherwise call start() and stop({ graceful: true }).`,
    { inputs: names },
  )
}
