import type { JobInfo, Spread, StageInfo, TaskFigures } from './job-info.js'

/** Tasks that a stage lists. */
const MOST_LISTED = 100

/** Measures one stage of a job. */
export class StageMeter {
  readonly #stage: Pick<StageInfo, 'id' | 'label' | 'kind' | 'tasks'>
  readonly #jobBegan: number
  readonly #began = performance.now()
  readonly #done: TaskFigures[] = []
  #ended = this.#began

  constructor(stage: Pick<StageInfo, 'id' | 'label' | 'kind' | 'tasks'>, jobBegan: number) {
    this.#stage = stage
    this.#jobBegan = jobBegan
  }

  taskDone(task: TaskFigures): void {
    this.#done.push(task)
    this.#ended = performance.now()
  }

  /** One pass: with batches of 10 ms this runs several hundred times a second. */
  info(): StageInfo {
    const done = this.#done
    const runMs = new Float64Array(done.length)
    const taskRecords = new Float64Array(done.length)
    const taskBytes = new Float64Array(done.length)
    let [records, bytes, extraAttempts] = [0, 0, 0]
    for (let i = 0; i < done.length; i++) {
      const task = done[i]!
      runMs[i] = task.runMs
      records += taskRecords[i] = task.records
      bytes += taskBytes[i] = task.bytes
      extraAttempts += task.attempts - 1
    }
    const { id, label, kind, tasks } = this.#stage
    return {
      id,
      label,
      kind,
      tasks,
      // A task that ran again after a rollback is one task.
      finished: Math.min(done.length, tasks),
      extraAttempts,
      startedAfter: this.#began - this.#jobBegan,
      ms: this.#ended - this.#began,
      records,
      bytes,
      runMs: spreadOf(runMs),
      taskRecords: spreadOf(taskRecords),
      taskBytes: spreadOf(taskBytes),
      longestTasks: longestOf(done),
    }
  }
}

function longestOf(tasks: readonly TaskFigures[]): readonly TaskFigures[] {
  if (tasks.length <= MOST_LISTED) return tasks.slice()
  return [...tasks].sort((a, b) => b.runMs - a.runMs).slice(0, MOST_LISTED)
}

/** Measures a job while it runs. Exists only if `jobCompleted` has a listener. */
export class JobMeter {
  readonly #began = performance.now()
  readonly #stages: StageMeter[] = []

  stage(stage: Pick<StageInfo, 'id' | 'label' | 'kind' | 'tasks'>): StageMeter {
    const meter = new StageMeter(stage, this.#began)
    this.#stages.push(meter)
    return meter
  }

  info(job: Omit<JobInfo, 'ms' | 'stages'>): JobInfo {
    return { ...job, ms: performance.now() - this.#began, stages: this.#stages.map((stage) => stage.info()) }
  }
}

/** Returns the quartiles by nearest rank; undefined without values. Sorts the values. */
export function spreadOf(values: Float64Array): Spread | undefined {
  if (values.length === 0) return undefined
  values.sort()
  const at = (fraction: number) => values[Math.max(0, Math.ceil(fraction * values.length) - 1)]!
  return { min: values[0]!, p25: at(0.25), median: at(0.5), p75: at(0.75), max: values.at(-1)! }
}
