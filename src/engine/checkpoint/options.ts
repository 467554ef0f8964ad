import { ArgumentError } from '../../errors.js'
import { type Duration, formatMillis, toMillis } from '../../ops/time.js'

/** Batches shorter than this share a checkpoint: its cost is that of some files, whatever is in them. */
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

export function checkDirectory(given: string): string {
  if (typeof given === 'string' && given !== '') return given
  throw new ArgumentError(`The checkpoint directory is ${JSON.stringify(given)}; give the path of a directory.`, {
    directory: given,
  })
}
