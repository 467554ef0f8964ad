import type { JobInfo } from '../../engine/progress/job-info.js'
import type { OperatorRow } from './rows.js'

/** A dataset of a stream is labelled with the operation and the stream's number: `reduceByKey#3`. */
const STREAM = /#(\d+)$/
const MOST = 2_000

/** The figures of the newest stage that ended at each stream. */
export class OperatorFigures {
  readonly #rows = new Map<number, OperatorRow>()

  jobCompleted({ batchTime, stages }: JobInfo): void {
    if (batchTime === undefined) return
    for (const { label, records, ms } of stages) {
      const stream = Number(STREAM.exec(label)?.[1] ?? Number.NaN)
      if (stream < MOST) this.#rows.set(stream, { stream, time: batchTime, records, ms })
    }
  }

  rows(): OperatorRow[] {
    return [...this.#rows.values()].sort((a, b) => a.stream - b.stream)
  }
}
