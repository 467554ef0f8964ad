import { IndeterminateError } from '../../errors.js'
import { append } from '../../ops/append.js'
import type { Dataset } from '../../ops/dataset.js'
import type { JobSeries } from '../../ops/job-runner.js'
import type { Sink } from '../../ops/plan.js'
import type { TaskDone } from '../scheduler/task.js'
import type { ContentVersions, Reading } from '../storage/content-versions.js'

/** Runs jobs, and returns their finished tasks. */
export interface TaskRunner {
  runTasks(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<TaskDone[]>
}

/** The number of times an action may start over before it fails. */
const MOST_RESTARTS = 10

/** The jobs of one action. Records the version of all data that they have read. */
export class EngineJobSeries implements JobSeries {
  readonly #runner: TaskRunner
  readonly #versions: ContentVersions
  #reads: Reading[] = []
  #label = ''
  #partitions: number[] = []
  #restarts = 0

  constructor(runner: TaskRunner, versions: ContentVersions) {
    this.#runner = runner
    this.#versions = versions
  }

  async run<U>(rdd: Dataset, sink: Sink, partitions?: readonly number[]): Promise<U[]> {
    const done = await this.#runner.runTasks(rdd, sink, partitions)
    this.#label = rdd.label
    for (const { reads } of done) append(this.#reads, reads)
    append(this.#partitions, partitions ?? done.map((_, partition) => partition))
    return done.map(({ value }) => value as U)
  }

  get isConsistent(): boolean {
    return !this.#versions.changed || this.#versions.areCurrent(this.#reads)
  }

  restart(): void {
    if (++this.#restarts > MOST_RESTARTS) throw this.inconsistent(`${MOST_RESTARTS} times`)
    this.#versions.rollBack('task', this.#label, this.#partitions)
    this.#reads = []
    this.#partitions = []
  }

  inconsistent(times = 'after results of it had been returned'): IndeterminateError {
    return new IndeterminateError(
      `${this.#label} was lost and came out different when it was computed again, ${times}. Make the operations before it deterministic (seed random numbers, read no clock), or checkpoint() the dataset.`,
      { operation: this.#label, restarts: this.#restarts },
    )
  }
}
