/** How one figure is distributed over the tasks of a stage. */
export interface Spread {
  readonly min: number
  readonly p25: number
  readonly median: number
  readonly p75: number
  readonly max: number
}

/** A finished task of a stage. */
export interface TaskFigures {
  readonly partition: number
  /** The id of the thread that ran it. */
  readonly thread: number
  /** Ms that it ran in its thread. */
  readonly runMs: number
  /** Records that it read. */
  readonly records: number
  /** Bytes of the blocks that it wrote. */
  readonly bytes: number
  /** Attempts of the task, at least 1. */
  readonly attempts: number
}

/** One stage of a finished job: tasks that run the same operations on different partitions. */
export interface StageInfo {
  /** Unique in its context. */
  readonly id: number
  /** The operation whose partitions the stage computes. */
  readonly label: string
  /** `map`: writes a shuffle. `sample`: samples keys for a range partitioner. `result`: computes the job's result. */
  readonly kind: 'map' | 'sample' | 'result'
  readonly tasks: number
  /** Tasks that finished. Fewer than `tasks` if the job failed or was cancelled. */
  readonly finished: number
  /** Attempts that failed, were lost with their thread, or were slower than a copy. */
  readonly extraAttempts: number
  /** Ms between the start of the job and the start of the stage. */
  readonly startedAfter: number
  /** Ms from the start of the stage to the end of its last task. */
  readonly ms: number
  /** Records that the tasks read. */
  readonly records: number
  /** Bytes of the blocks that the tasks wrote. */
  readonly bytes: number
  /** Run times of the tasks, in ms. Undefined if no task finished. */
  readonly runMs: Spread | undefined
  /** Records that each task read. */
  readonly taskRecords: Spread | undefined
  /** Bytes that each task wrote. */
  readonly taskBytes: Spread | undefined
  /** The finished tasks; of more than 100, those with the longest run times. */
  readonly longestTasks: readonly TaskFigures[]
}

/** A finished job. Its stages are those that ran: a stage whose results were still there is absent. */
export interface JobInfo {
  /** Unique in its context. */
  readonly id: number
  /** The batch of the job, in ms; undefined outside of batches. */
  readonly batchTime: number | undefined
  /** The output operation that started the job; undefined outside of outputs. */
  readonly output: number | undefined
  readonly label: string
  readonly ms: number
  readonly stages: readonly StageInfo[]
  readonly error?: Error
}
