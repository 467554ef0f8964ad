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

  info(): StageInfo {
    const done = this.#done
    const values = (of: (task: TaskFigures) => number) => done.map(of)
    const sum = (of: (task: TaskFigures) => number) => done.reduce((total, task) => total + of(task), 0)
    return {
      ...this.#stage,
      // A task that ran again after a rollback is one task.
      finished: Math.min(done.length, this.#stage.tasks),
      extraAttempts: sum(({ attempts }) => attempts - 1),
      startedAfter: this.#began - this.#jobBegan,
      ms: this.#ended - this.#began,
      records: sum(({ records }) => records),
      bytes: sum(({ bytes }) => bytes),
      runMs: spreadOf(values(({ runMs }) => runMs)),
      taskRecords: spreadOf(values(({ records }) => records)),
      taskBytes: spreadOf(values(({ bytes }) => bytes)),
      longestTasks: [...done].sort((a, b) => b.runMs - a.runMs).slice(0, MOST_LISTED),
    }
  }
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

/** Returns the quartiles by nearest rank; undefined without values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const at = (fraction: number) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]!
  return { min: sorted[0]!, p25: at(0.25), median: at(0.5), p75: at(0.75), max: sorted.at(-1)! }
}
