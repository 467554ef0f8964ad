import type { OperationsSample } from '../../engine/events/job-events.js'
import type { JobInfo } from '../../engine/progress/job-info.js'
import type { OperatorRow } from './rows.js'

/** A dataset of a stream is labelled with the operation and the stream's number: `reduceByKey#3`. */
const STREAM = /#(\d+)$/
/** Streams, and labels. */
const MOST = 2_000
/** Partitions whose newest figures a stream keeps. */
const MOST_PARTITIONS = 64

type Figures = NonNullable<OperatorRow['sample']>

/** The samples of a stream, by partition, of stages with equally many tasks. */
interface Samples {
  readonly tasks: number
  readonly byPartition: Map<number, Figures>
}

/** The newest figures of each stream: of the stage that ended there, and of tasks that measured its operations. */
export class OperatorFigures {
  readonly #stages = new Map<number, NonNullable<OperatorRow['stage']>>()
  readonly #samples = new Map<number, Samples>()
  /** The stream of each label. */
  readonly #labels = new Map<string, number | undefined>()

  jobCompleted({ batchTime, stages }: JobInfo): void {
    if (batchTime === undefined) return
    for (const { label, records, ms } of stages) {
      const stream = this.#streamOf(label)
      if (stream !== undefined) this.#stages.set(stream, { time: batchTime, records, ms })
    }
  }

  sampled({ batchTime, partition, tasks, operations }: OperationsSample): void {
    if (batchTime === undefined) return
    for (const { label, ...figures } of operations) {
      const stream = this.#streamOf(label)
      if (stream === undefined) continue
      let samples = this.#samples.get(stream)
      if (samples?.tasks !== tasks) this.#samples.set(stream, (samples = { tasks, byPartition: new Map() }))
      const { byPartition } = samples
      byPartition.delete(partition)
      byPartition.set(partition, { time: batchTime, ...figures })
      if (byPartition.size > MOST_PARTITIONS) byPartition.delete(byPartition.keys().next().value!)
    }
  }

  rows(): OperatorRow[] {
    const streams = new Set([...this.#stages.keys(), ...this.#samples.keys()])
    return [...streams].sort((a, b) => a - b).map((stream) => this.#row(stream))
  }

  #streamOf(label: string): number | undefined {
    if (this.#labels.has(label)) return this.#labels.get(label)
    if (this.#labels.size === MOST) this.#labels.clear()
    const stream = streamOf(label)
    this.#labels.set(label, stream)
    return stream
  }

  #row(stream: number): OperatorRow {
    const stage = this.#stages.get(stream)
    const samples = this.#samples.get(stream)
    return { stream, ...(stage && { stage }), ...(samples && { sample: ofAllTasks(samples) }) }
  }
}

/** Returns the figures of all tasks of a stage: those of the measured partitions, and as much for each of the others. */
function ofAllTasks({ tasks, byPartition }: Samples): Figures {
  const all = [...byPartition.values()]
  const total = (of: (figures: Figures) => number) =>
    (all.reduce((sum, figures) => sum + of(figures), 0) * tasks) / all.length
  return {
    time: Math.max(...all.map(({ time }) => time)),
    recordsIn: Math.round(total(({ recordsIn }) => recordsIn)),
    recordsOut: Math.round(total(({ recordsOut }) => recordsOut)),
    ms: total(({ ms }) => ms),
  }
}

function streamOf(label: string): number | undefined {
  const stream = Number(STREAM.exec(label)?.[1] ?? Number.NaN)
  return stream < MOST ? stream : undefined
}
