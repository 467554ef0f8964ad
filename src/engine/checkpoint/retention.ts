import type { FileName } from './names.js'

/** The newest checkpoints that the directory keeps in any case. */
const NEWEST = 10

/** Checkpoints that are older divide the retention into so many parts: a replay runs at most one part before its batch. */
const PARTS = 10

/**
 * Returns the checkpoints to keep, of a list whose first is the newest: the newest, and those from which batches of the last
 * `retention` ms can be replayed.
 */
export function retained<F extends Pick<FileName, 'time'>>(newestFirst: readonly F[], retention: number): F[] {
  const kept = newestFirst.slice(0, NEWEST)
  if (kept.length < NEWEST || retention === 0) return kept
  const first = kept[0]!.time - retention
  const older = newestFirst.slice(NEWEST)
  const begin = older.findIndex(({ time }) => time < first)
  const candidates = (begin < 0 ? older : older.slice(0, begin + 1)).reverse()
  let last = Number.NEGATIVE_INFINITY
  // From the oldest, so that the choice stays the same while newer ones are added.
  for (const file of candidates) {
    if (file.time - last < retention / PARTS) continue
    kept.push(file)
    last = file.time
  }
  return kept
}
