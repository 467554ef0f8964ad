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
    let records = 0
    let bytes = 0
    let extraAttempts = 0
    for (let i = 0; i < done.length; i++) {
      const task = done[i]!
      records += task.records
      bytes += task.bytes
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
      runMs: spreadOf(done, 'runMs'),
      taskRecords: spreadOf(done, 'records'),
      taskBytes: spreadOf(done, 'bytes'),
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

  info({ id, batchTime, output, label }: Omit<JobInfo, 'ms' | 'stages' | 'error'>, error?: Error): JobInfo {
    const stages: StageInfo[] = []
    for (const stage of this.#stages) stages.push(stage.info())
    const ms = performance.now() - this.#began
    return error ? { id, batchTime, output, label, ms, stages, error } : { id, batchTime, output, label, ms, stages }
  }
}

/** Tasks of a stage whose figures are sorted by insertion: the sort of an array costs more, in time and in objects. */
const FEW = 16
const few = new Float64Array(FEW)

/** Returns the quartiles of a figure by nearest rank; undefined without tasks. */
function spreadOf(tasks: readonly TaskFigures[], figure: 'runMs' | 'records' | 'bytes'): Spread | undefined {
  const n = tasks.length
  if (n === 0) return undefined
  const values = n <= FEW ? few : new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const value = tasks[i]![figure]
    let at = i
    if (n <= FEW) for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!
    values[at] = value
  }
  if (n > FEW) values.sort()
  return {
    min: values[0]!,
    p25: values[Math.ceil(n / 4) - 1]!,
    median: values[Math.ceil(n / 2) - 1]!,
    p75: values[Math.ceil((3 * n) / 4) - 1]!,
    max: values[n - 1]!,
  }
}
