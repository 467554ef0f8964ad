import type { RunningBatch } from '../current-batch.js'
import type { Events } from '../events/events.js'
import { JobMeter } from '../progress/job-meter.js'
import type { Job, Stage } from './task.js'

/** Emits the events of jobs, and of the ends of their stages, for listeners. */
export class JobReports {
  readonly #events: Events

  constructor(events: Events) {
    this.#events = events
  }

  /** Returns the meter of a job that a listener wants to know about. */
  meter(): JobMeter | undefined {
    const events = this.#events
    return events.observes('jobCompleted') || events.observes('stageCompleted') ? new JobMeter() : undefined
  }

  /** Reports a job while it runs. `output`: the output operation that runs it. */
  job<T>(
    job: Job,
    label: string,
    partitions: number,
    batch: RunningBatch | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const events = this.#events
    const info = { id: job.id, batchTime: job.batchTime, output: batch?.output, label }
    if (events.observes('jobStarted')) events.emit('jobStarted', { ...info, partitions })
    return job.meter ? this.#measured(job.meter, info, run) : run()
  }

  /** Reports the end of a stage, if any of its tasks was sent. The scheduler has reported its start. */
  stage<T>(job: Job, stage: Stage | undefined, work: Promise<T>): Promise<T> {
    return stage?.meter && this.#events.observes('stageCompleted') ? this.#stage(job, stage, work) : work
  }

  /** Reports the end before the caller of the job learns of it. */
  #measured<T>(meter: JobMeter, info: Parameters<JobMeter['info']>[0], run: () => Promise<T>): Promise<T> {
    const events = this.#events
    const ended = (error?: Error) => {
      if (events.observes('jobCompleted')) events.emit('jobCompleted', meter.info(info, error))
    }
    const work = run()
    work.then(() => ended(), ended)
    return work
  }

  async #stage<T>(job: Job, stage: Stage, work: Promise<T>): Promise<T> {
    try {
      const result = await work
      this.#stageEnded(job, stage, {})
      return result
    } catch (error) {
      this.#stageEnded(job, stage, { error })
      throw error
    }
  }

  #stageEnded({ id: job, batchTime }: Job, { meter, startedAt }: Stage, failure: { readonly error?: unknown }): void {
    if (startedAt === undefined) return
    this.#events.emit('stageCompleted', { ...meter!.info(), job, batchTime, ...failure })
  }
}
