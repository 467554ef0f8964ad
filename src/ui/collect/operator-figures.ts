import type { OperationsSample } from '../../engine/events/job-events.js'
import type { JobInfo } from '../../engine/progress/job-info.js'
import type { OperatorRow } from './rows.js'

/** A dataset of a stream is labelled with the operation and the stream's number: `reduceByKey#3`. */
const STREAM = /#(\d+)$/
const MOST = 2_000

/** The newest figures of each stream: of the stage that ended there, and of a task that measured its operations. */
export class OperatorFigures {
  readonly #rows = new Map<number, OperatorRow>()

  jobCompleted({ batchTime, stages }: JobInfo): void {
    if (batchTime === undefined) return
    for (const { label, records, ms } of stages) this.#put(label, { stage: { time: batchTime, records, ms } })
  }

  /** The figures of a stage are those of the task times the number of its tasks. */
  sampled({ batchTime, tasks, operations }: OperationsSample): void {
    if (batchTime === undefined) return
    for (const { label, recordsIn, recordsOut, ms } of operations) {
      const sample = { time: batchTime, recordsIn: recordsIn * tasks, recordsOut: recordsOut * tasks, ms: ms * tasks }
      this.#put(label, { sample })
    }
  }

  rows(): OperatorRow[] {
    return [...this.#rows.values()].sort((a, b) => a.stream - b.stream)
  }

  #put(label: string, figures: Omit<OperatorRow, 'stream'>): void {
    const stream = Number(STREAM.exec(label)?.[1] ?? Number.NaN)
    if (stream < MOST) this.#rows.set(stream, { ...this.#rows.get(stream), stream, ...figures })
  }
}
