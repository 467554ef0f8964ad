import { append } from '../../../ops/append.js'
import { PROGRESS } from '../../thread-status.js'
import { decoded } from '../text/text-records.js'
import type { Source } from './plan-compiler.js'
import type { Task } from './task.js'

/** Most records of an array: where one outgrows some 104 million, V8 ends the whole process. */
export const MOST_RECORDS = 100_000_000

/**
 * Returns all records of a source in one array. A single piece is returned unchanged, so do not change the array.
 * @throws RangeError for more than `most` records.
 */
export function toArray(source: Source, task: Task, most = MOST_RECORDS): readonly unknown[] {
  const { status } = task.meter
  let all: unknown[] | undefined
  let own = false
  source(task, (piece) => {
    const records = decoded(piece)
    if (!all && Array.isArray(records)) {
      all = records
      return
    }
    // A copy, because the user's function may still hold the array of the first piece.
    if (!own) all = all?.slice() ?? []
    own = true
    if (Array.isArray(records)) {
      if (all!.length + records.length > most) throw tooMany(most)
      append(all!, records)
      return
    }
    for (const record of records) {
      // The next record may be slow: the user's generator may make it.
      status[PROGRESS]!++
      if (all!.push(record) > most) throw tooMany(most)
    }
  })
  return all ?? []
}

function tooMany(most: number): RangeError {
  return new RangeError(
    `The partition has more than ${most} records, and the operation needs them in one array. Use more partitions.`,
  )
}
