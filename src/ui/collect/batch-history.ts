import type { BatchInfo } from '../../engine/events/batch-info.js'
import type { JobInfo } from '../../engine/progress/job-info.js'
import { errorText } from './error-text.js'
import type { BatchDetails, BatchRow, InputRow, JobRow } from './rows.js'

/** Completed batches that the page keeps, as Spark's `retainedBatches`. */
export const RETAINED = 1_000
/** Stages of all kept batches together, at about 0.6 KB each. Beyond that, the oldest batches lose their jobs. */
const MOST_STAGES = 20_000
/** The share of a bound to which the oldest batches lose theirs: the next batches then need no search for the oldest. */
const KEPT = 0.9
/** Stages of the jobs of one batch. */
const MOST_STAGES_OF_BATCH = 1_000
/** Rows of tasks of all kept batches together, at about 0.1 KB each. Beyond that, the oldest batches lose theirs. */
const MOST_TASKS = 20_000
/** Active batches that are kept: a stream that is far behind has many. */
const MOST_ACTIVE = 1_000

/** A batch as the engine has reported it: its row is built for a reader. */
interface Entry {
  batch: BatchInfo
  status: BatchRow['status']
  /** The row of a batch with a failed output: an error object holds more memory than its text. */
  failed: BatchRow | undefined
  /** The revision at its last change. */
  revision: number
  jobs: JobRow[]
  jobsOmitted: number
  stages: number
  tasks: number
}

/** The newest batches and their jobs, in bounded memory. */
export class BatchHistory {
  /** By time. Completed batches are in the order of completion. */
  readonly #active = new Map<number, Entry>()
  readonly #completed = new Map<number, Entry>()
  #stages = 0
  #tasks = 0
  #revision = 0

  /** Grows with every change. */
  get revision(): number {
    return this.#revision
  }

  submitted(batch: BatchInfo): void {
    this.#put(batch, 'waiting')
  }

  started(batch: BatchInfo): void {
    this.#put(batch, 'running')
  }

  completed(batch: BatchInfo): void {
    const entry = this.#put(batch, hasFailed(batch) ? 'failed' : 'completed')
    this.#active.delete(batch.time)
    this.#forget(this.#completed, batch.time)
    this.#completed.set(batch.time, entry)
    if (this.#completed.size > RETAINED) this.#forget(this.#completed, this.#completed.keys().next().value!)
    if (this.#stages > MOST_STAGES) this.#dropJobs()
    if (this.#tasks > MOST_TASKS) this.#dropTasks()
  }

  jobCompleted(job: JobInfo): void {
    if (job.batchTime === undefined) return
    const entry = this.#active.get(job.batchTime) ?? this.#completed.get(job.batchTime)
    if (!entry) return
    const { error, stages } = job
    if (entry.stages + stages.length > MOST_STAGES_OF_BATCH) {
      entry.jobsOmitted++
      return
    }
    entry.jobs.push(error ? { ...job, error: errorText(error) } : (job as Omit<JobInfo, 'error'>))
    entry.stages += stages.length
    this.#stages += stages.length
    let tasks = 0
    for (const { longestTasks } of stages) tasks += longestTasks.length
    entry.tasks += tasks
    this.#tasks += tasks
  }

  /** Returns the batches that changed after `revision`, by time. */
  since(revision: number): BatchRow[] {
    const changed: Entry[] = []
    for (const entry of this.#completed.values()) if (entry.revision > revision) changed.push(entry)
    for (const entry of this.#active.values()) if (entry.revision > revision) changed.push(entry)
    return changed.map(rowOf).sort((a, b) => a.time - b.time)
  }

  details(time: number): BatchDetails | undefined {
    const entry = this.#active.get(time) ?? this.#completed.get(time)
    return entry && { ...rowOf(entry), jobs: entry.jobs, jobsOmitted: entry.jobsOmitted }
  }

  #put(batch: BatchInfo, status: BatchRow['status']): Entry {
    const revision = ++this.#revision
    let entry = this.#active.get(batch.time)
    if (entry) {
      entry.batch = batch
      entry.status = status
      entry.revision = revision
    } else {
      entry = { batch, status, failed: undefined, revision, jobs: [], jobsOmitted: 0, stages: 0, tasks: 0 }
      this.#active.set(batch.time, entry)
      if (this.#active.size > MOST_ACTIVE) this.#forget(this.#active, this.#active.keys().next().value!)
    }
    if (status === 'failed') {
      entry.failed = rowOf(entry)
      entry.batch = { ...batch, outputs: [] }
    }
    return entry
  }

  #forget(of: Map<number, Entry>, time: number): void {
    const entry = of.get(time)
    if (!entry) return
    of.delete(time)
    this.#stages -= entry.stages
    this.#tasks -= entry.tasks
  }

  /** Drops the jobs of the oldest batches that have some. */
  #dropJobs(): void {
    for (const entry of this.#completed.values()) {
      if (this.#stages <= KEPT * MOST_STAGES) return
      entry.jobsOmitted += entry.jobs.length
      entry.jobs = []
      this.#stages -= entry.stages
      this.#tasks -= entry.tasks
      entry.stages = 0
      entry.tasks = 0
    }
  }

  /** Drops the rows of tasks of the oldest batches that have some. */
  #dropTasks(): void {
    for (const entry of this.#completed.values()) {
      if (this.#tasks <= KEPT * MOST_TASKS) return
      if (entry.tasks === 0) continue
      entry.jobs = entry.jobs.map((job) => ({
        ...job,
        stages: job.stages.map((stage) => ({ ...stage, longestTasks: [] })),
      }))
      this.#tasks -= entry.tasks
      entry.tasks = 0
    }
  }
}

/** Whether an output of a batch has failed. */
export function hasFailed({ outputs }: BatchInfo): boolean {
  for (const { error } of outputs) if (error) return true
  return false
}

function rowOf({ batch, status, failed }: Entry): BatchRow {
  if (failed) return failed
  const { time, records, schedulingDelay, processingDelay, totalDelay, deadLetters } = batch
  const inputs = batch.inputs.map(({ stream, name, records: n, bytes, description, rate, dropped }): InputRow => {
    return { stream, name, records: n, bytes, description, rate, dropped }
  })
  const outputs = batch.outputs.map(({ id, label, startedAt, endedAt, error }) => {
    const output = { id, label, ms: Math.max(0, endedAt - startedAt) }
    return error ? { ...output, error: errorText(error) } : output
  })
  return { time, status, records, schedulingDelay, processingDelay, totalDelay, deadLetters, inputs, outputs }
}
