import { ArgumentError } from '../../errors.js'
import { type Duration, formatMillis, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'

/** The shortest default interval, in ms: even a small checkpoint costs several synced files. */
const SHORTEST_MS = 1000

export function checkpointIntervalOf(given: Duration | undefined, batchInterval: number): number {
  if (given === undefined) return Math.ceil(SHORTEST_MS / batchInterval) * batchInterval
  const interval = toMillis(given, 'checkpointInterval')
  if (interval % batchInterval === 0) return interval
  throw new ArgumentError(
    `checkpointInterval is ${formatMillis(interval)}; it must be a multiple of batchInterval, ${formatMillis(batchInterval)}.`,
    { checkpointInterval: interval, batchInterval },
  )
}

/** Returns for how long past batches can be replayed, in ms; 0: not at all. @throws ArgumentError */
export function replayRetentionOf(given: Duration | undefined): number {
  return given === undefined || given === 0 ? 0 : toMillis(given, 'replayRetention')
}

export function checkDirectory(given: string): string {
  if (typeof given === 'string' && given !== '') return given
  throw new ArgumentError(`The checkpoint directory is ${describe(given)}; it must be the path of a directory.`, {
    directory: given,
  })
}
